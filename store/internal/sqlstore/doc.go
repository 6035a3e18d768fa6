package sqlstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// The documents are what no statement looks into, as JSON. Their types are the
// stored form: amounts are integers of minor units, instants are microseconds,
// and what is absent in the value is absent in the document. A field may be
// added; none may change its meaning.

func encode(doc any) (string, error) {
	data, err := json.Marshal(doc)
	return string(data), err
}

func decode[D any](data string) (doc D, err error) {
	err = json.Unmarshal([]byte(data), &doc)
	return doc, err
}

// micros is the stored form of an instant; none is nil.
func micros(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return new(t.UnixMicro())
}

func instant(n *int64) time.Time {
	if n == nil {
		return time.Time{}
	}
	return time.UnixMicro(*n).UTC()
}

type moneyDoc struct {
	Minor    int64  `json:"n"`
	Currency string `json:"c"`
}

// moneyOf gives nil for the zero Money, which is not an amount of nothing.
func moneyOf(m coupon.Money) (*moneyDoc, error) {
	if m.IsZero() {
		return nil, nil
	}
	n, err := m.Minor()
	return &moneyDoc{n, m.Currency}, err
}

func (d *moneyDoc) money() (coupon.Money, error) {
	if d == nil {
		return coupon.Money{}, nil
	}
	return coupon.MoneyFromMinor(d.Minor, d.Currency)
}

type discountDoc struct {
	Kind    string    `json:"kind"`
	Percent string    `json:"percent,omitempty"`
	Amount  *moneyDoc `json:"amount,omitempty"`
	Cap     *moneyDoc `json:"cap,omitempty"`
}

func discountOf(d coupon.Discount) (doc discountDoc, err error) {
	doc.Kind = string(d.Kind)
	if !d.Percent.IsZero() {
		doc.Percent = d.Percent.String()
	}
	if doc.Amount, err = moneyOf(d.Amount); err == nil {
		doc.Cap, err = moneyOf(d.Cap)
	}
	return doc, err
}

func (doc discountDoc) discount() (d coupon.Discount, err error) {
	if d.Kind = coupon.DiscountKind(doc.Kind); d.Kind == "" {
		return d, errors.New("the document has no discount")
	}
	if doc.Percent != "" {
		// What was written has neither an exponent nor more digits than this.
		if len(doc.Percent) > 40 || strings.Trim(doc.Percent, "0123456789.") != "" {
			return d, fmt.Errorf("percent %.40q is no number", doc.Percent)
		}
		if d.Percent, err = decimal.NewFromString(doc.Percent); err != nil {
			return d, err
		}
	}
	if d.Amount, err = doc.Amount.money(); err == nil {
		d.Cap, err = doc.Cap.money()
	}
	return d, err
}
