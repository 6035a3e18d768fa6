package coupon_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/couponkit/coupon"
)

// codesOf lists codes, and then an error if there is one.
func codesOf(err error, codes ...coupon.CouponCode) iter.Seq2[coupon.CouponCode, error] {
	return func(yield func(coupon.CouponCode, error) bool) {
		for _, k := range codes {
			if !yield(k, nil) {
				return
			}
		}
		if err != nil {
			yield(coupon.CouponCode{}, err)
		}
	}
}

func TestAddCodeNamesEveryBrokenField(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	for _, tc := range []struct {
		name, field, must string
		code              coupon.CouponCode
	}{
		{"no code", "code", "1 to 64", coupon.CouponCode{}},
		{"a code that is none", "code", "letters A–Z", coupon.CouponCode{Code: "A B"}},
		{"a code that is too long", "code", "1 to 64", coupon.CouponCode{Code: coupon.Code(strings.Repeat("A", 65))}},
		{"a customer of blanks", "customer", "leave it out", coupon.CouponCode{Code: "A", Customer: " \t"}},
		{"an invisible character in the customer", "customer", "invisible", coupon.CouponCode{Code: "A", Customer: "a\u200bb"}},
		{"a customer that is too long", "customer", "bytes", coupon.CouponCode{Code: "A", Customer: strings.Repeat("a", 201)}},
		{"a control character in the batch", "batch", "control", coupon.CouponCode{Code: "A", Batch: "a\nb"}},
		{"a batch that is too long", "batch", "bytes", coupon.CouponCode{Code: "A", Batch: strings.Repeat("a", 201)}},
	} {
		got, err := d.AddCode(d.ctx, c.ID, tc.code)
		if err == nil || got != (coupon.CouponCode{}) {
			t.Errorf("%s: %+v, %v", tc.name, got, err)
			continue
		}
		wantField(t, err, tc.field, tc.must)
	}
}

func TestAddCodeSetsWhatIsNotTheHosts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	k, err := d.As("maria").AddCode(d.ctx, c.ID, coupon.CouponCode{
		Code: "friend", Coupon: "other", Main: true, Number: 7, CreatedAt: noon.AddDate(9, 0, 0), CreatedBy: "eve", Batch: "b"})
	want := coupon.CouponCode{Code: "FRIEND", Coupon: c.ID, Batch: "b", CreatedAt: noon, CreatedBy: "maria"}
	if err != nil || k != want {
		t.Errorf("%+v, %v, want %+v", k, err, want)
	}
}

func TestCSVCellsAreNoFormulas(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 15, 23, 30, 0, 5000, time.FixedZone("", 2*3600))
	cells := []string{"=cmd|'/c calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\x00x", "＝1", "＋1", "－1", "＠x", "plain", "a=b", `"quoted", and more`, "two\nlines", "'", " =1", "Ünï 🌸", "1-2", ""}
	var codes []coupon.CouponCode
	for _, cell := range cells {
		codes = append(codes, coupon.CouponCode{Code: "-A", SingleUse: true, Customer: cell, Batch: cell, CreatedAt: at})
	}
	codes = append(codes, coupon.CouponCode{Code: "A-1", Main: true})
	var out bytes.Buffer
	n, err := coupon.WriteCodes(&out, codesOf(nil, codes...))
	if err != nil || n != len(codes) {
		t.Fatal(n, err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != len(codes)+1 {
		t.Fatal(len(rows), err)
	}
	if diff := cmp.Diff([]string{"code", "single_use", "customer", "batch", "created_at"}, rows[0]); diff != "" {
		t.Error(diff)
	}
	for i, cell := range cells {
		want := cell
		if i < 12 {
			want = "'" + cell
		}
		if diff := cmp.Diff([]string{"'-A", "true", want, want, "2026-06-15T21:30:00Z"}, rows[i+1]); diff != "" {
			t.Errorf("%q: %s", cell, diff)
		}
	}
	if diff := cmp.Diff([]string{"A-1", "false", "", "", ""}, rows[len(rows)-1]); diff != "" {
		t.Error(diff)
	}
	// What stands there is refused as a code, not taken for another.
	if _, err := coupon.ParseCode("'-A"); !errors.Is(err, coupon.ErrInvalid) {
		t.Error(err)
	}
}

func TestWriteCodesKeepsWhatCameBeforeAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var out strings.Builder
	n, err := coupon.WriteCodes(&out, codesOf(broken, coupon.CouponCode{Code: "A"}, coupon.CouponCode{Code: "B"}))
	if want := "code,single_use,customer,batch,created_at\nA,false,,,\nB,false,,,\n"; n != 2 || !errors.Is(err, broken) || out.String() != want {
		t.Errorf("%d, %v, %q", n, err, out.String())
	}
	out.Reset()
	if n, err = coupon.WriteCodes(&out, codesOf(broken)); n != 0 || !errors.Is(err, broken) || out.String() != "" {
		t.Errorf("an error before the first code: %d, %v, %q is written", n, err, out.String())
	}
	if n, err = coupon.WriteCodes(&out, codesOf(nil)); n != 0 || err != nil || !strings.HasPrefix(out.String(), "code,") {
		t.Errorf("no codes: %d, %v, %q is written", n, err, out.String())
	}
}

// A file that is full is an error, at its end too, and ends the reading of codes.
func TestWriteCodesTellsThatItCouldNotWrite(t *testing.T) {
	t.Parallel()
	full := errors.New("the disk is full")
	w := writerOf(func([]byte) (int, error) { return 0, full })
	if _, err := coupon.WriteCodes(w, codesOf(nil, coupon.CouponCode{Code: "A"})); !errors.Is(err, full) {
		t.Error(err)
	}
	broken := errors.New("broken")
	if _, err := coupon.WriteCodes(w, codesOf(broken, coupon.CouponCode{Code: "A"})); !errors.Is(err, full) || !errors.Is(err, broken) {
		t.Error(err)
	}
	read := 0
	endless := func(yield func(coupon.CouponCode, error) bool) {
		for read < 1_000_000 && yield(coupon.CouponCode{Code: "A"}, nil) {
			read++
		}
	}
	if _, err := coupon.WriteCodes(w, endless); !errors.Is(err, full) || read > 10_000 {
		t.Errorf("%v after %d codes", err, read)
	}
}

type writerOf func([]byte) (int, error)

func (f writerOf) Write(p []byte) (int, error) { return f(p) }

var _ io.Writer = writerOf(nil)

// A code that a coupon gave up is nobody's, also for a booking that had reserved
// with it; and another coupon that has taken it serves.
func TestAReservationThatHasEndedDoesNotKeepACodeAlive(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	must(d.Reserve(d.ctx, booking("b1"), time.Hour, "TEN"))(t)
	must(d.Reserve(d.ctx, booking("b2"), time.Hour, "TEN"))(t)
	edited := c
	edited.Code = "NEW"
	must(d.Update(d.ctx, edited))(t)
	if r := d.redeem(booking("b1"), "TEN"); r.Coupon != c.ID {
		t.Errorf("what is reserved is confirmed with its code: %+v", r)
	}
	*d.now = noon.Add(2 * time.Hour)
	_, err := d.Redeem(d.ctx, booking("b2"), "TEN")
	wantReasons(t, err, coupon.UnknownCode)
	other := d.create(nil)
	if r := d.redeem(booking("b2"), "TEN"); r.Coupon != other.ID {
		t.Errorf("the code is of another coupon now: %+v", r)
	}
}
