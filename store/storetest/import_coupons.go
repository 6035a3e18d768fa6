package storetest

var importCouponCases []testCase
