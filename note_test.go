package coupon_test

import (
	"strings"
	"testing"

	"github.com/couponkit/coupon"
)

func TestANoteSaysWhatItMustBe(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	for field, n := range map[string]coupon.Note{
		"note.text": {Coupon: c.ID, At: noon, Text: " "},
		"note.at":   {Coupon: c.ID, Text: "flyers"},
		"note.id":   {Coupon: c.ID, At: noon, Text: "flyers", ID: "a/b"},
	} {
		_, err := d.PutNote(d.ctx, n)
		wantField(t, err, field, "must")
	}
	_, err := d.EditNote(d.ctx, coupon.Note{ID: "x", Coupon: c.ID, Text: strings.Repeat("x", 201)})
	wantField(t, err, "note.text", "at most 200")
	wantField(t, err, "note.at", "must be set")
	if notes, err := d.Notes(d.ctx, c.ID); err != nil || len(notes) > 0 {
		t.Errorf("%d notes, error %v", len(notes), err)
	}
}

func TestNewIDsAreDifferentAndMayBePutUnder(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	seen := map[coupon.ID]bool{}
	for range 3 {
		id, err := d.NewID()
		if err != nil {
			t.Fatal(err)
		}
		n, err := d.PutNote(d.ctx, coupon.Note{ID: id, Coupon: c.ID, At: noon, Text: "flyers"})
		if err != nil || seen[id] || n.ID != id {
			t.Errorf("id %s gave note %s, error %v", id, n.ID, err)
		}
		seen[id] = true
	}
}
