// Package vectors has only tests. They run facts taken from the public tests of
// other coupon engines against this module: see testdata/README.md for what a
// vector is. Another directory of the same form is run by naming it in
// COUPON_VECTORS.
//
// A vector is skipped only for what it is, never for its outcome or its name: it
// depends on a choice that is not ours, needs a feature that we left out, or
// meets a rule of ours. Every skip is printed with its reason.
package vectors
