package coupon_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/memory"
)

// pastCoupon is the plain coupon as a row, changed.
func pastCoupon(id coupon.ID, change func(*coupon.PastCoupon)) coupon.PastCoupon {
	c, _ := plain()
	c.ID = id
	row := coupon.PastCoupon{Line: 7, Coupon: c}
	if change != nil {
		change(&row)
	}
	return row
}

func coupons(rows ...coupon.PastCoupon) iter.Seq2[coupon.PastCoupon, error] {
	return func(yield func(coupon.PastCoupon, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// importCoupons gives the report and the reasons of bad rows.
func importCoupons(ctx context.Context, svc *coupon.Service, rows ...coupon.PastCoupon) (report coupon.ImportReport, bad []error, err error) {
	report, err = svc.ImportCoupons(ctx, coupons(rows...), coupon.ImportCouponOptions{BadRow: func(b coupon.BadCoupon) { bad = append(bad, b.Err) }})
	return report, bad, err
}

func TestAPastCouponNamesItsBrokenField(t *testing.T) {
	t.Parallel()
	type row = coupon.PastCoupon
	uses := func(u coupon.OpeningUses) func(*row) {
		return func(r *row) { r.Opening = []coupon.OpeningUses{{Key: "fine"}, u} }
	}
	code := func(k coupon.CouponCode) func(*row) {
		return func(r *row) { r.Codes = []coupon.CouponCode{{Code: "FINE"}, k} }
	}
	for name, c := range map[string]struct {
		change func(*row)
		field  string
		must   string
	}{
		"an id with a slash":               {func(r *row) { r.Coupon.ID = "a/b" }, "id", "letters"},
		"an id with a letter beyond ASCII": {func(r *row) { r.Coupon.ID = "ä" }, "id", "letters"},
		"an id that is too long":           {func(r *row) { r.Coupon.ID = coupon.ID(strings.Repeat("x", 65)) }, "id", "1 to 64"},
		"archived without an id":           {func(r *row) { r.Coupon.ID, r.Coupon.ArchivedAt = "", noon }, "id", "must be set"},
		"a rule of every coupon":           {func(r *row) { r.Coupon.Start = time.Time{} }, "start", "must be set"},
		"made in the year 10000":           {func(r *row) { r.Coupon.CreatedAt = noon.AddDate(9000, 0, 0) }, "created_at", "years 1 to 9999"},
		"a maker with a line break":        {func(r *row) { r.Coupon.CreatedBy = "a\nb" }, "created_by", "control"},
		"archived in the year 10000":       {func(r *row) { r.Coupon.ArchivedAt = noon.AddDate(9000, 0, 0) }, "archived_at", "years 1 to 9999"},
		"archived with codes":              {func(r *row) { r.Coupon.ArchivedAt, r.Codes = noon, []coupon.CouponCode{{Code: "X"}} }, "codes", "must be empty"},
		"a code with a blank":              {code(coupon.CouponCode{Code: "A B"}), "codes[1].code", "letters"},
		"the main code again":              {code(coupon.CouponCode{Code: " ten"}), "codes[1].code", "another one"},
		"a further code twice":             {code(coupon.CouponCode{Code: "fine"}), "codes[1].code", "another one"},
		"a batch that is too long":         {code(coupon.CouponCode{Code: "X", Batch: strings.Repeat("x", 201)}), "codes[1].batch", "200"},
		"a key that is too long":           {uses(coupon.OpeningUses{Key: strings.Repeat("x", 201)}), "opening[1].key", "200"},
		"a key twice":                      {uses(coupon.OpeningUses{Key: "fine"}), "opening[1].key", "unique"},
		"the default key as well":          {func(r *row) { r.Opening = []coupon.OpeningUses{{}, {Key: "opening-c"}} }, "opening[1].key", "unique"},
		"fewer than no uses":               {uses(coupon.OpeningUses{Uses: -1}), "opening[1].uses", "0 to"},
		"more uses than fit":               {uses(coupon.OpeningUses{Uses: coupon.MaxOpeningUses + 1}), "opening[1].uses", "0 to"},
		"less than no discount":            {uses(coupon.OpeningUses{Discount: coupon.MustMoney("-1", "USD")}), "opening[1].discount", "negative"},
		"a discount with a third digit":    {uses(coupon.OpeningUses{Discount: coupon.Money{Amount: percent("1.005").Percent, Currency: "USD"}}), "opening[1].discount", "digits"},
		"a discount of no currency":        {uses(coupon.OpeningUses{Discount: coupon.Money{Amount: percent("1").Percent}}), "opening[1].discount", "ISO 4217"},
		"a customer with a control":        {uses(coupon.OpeningUses{Customer: "a\x00"}), "opening[1].customer", "control"},
		"a code that it does not have":     {uses(coupon.OpeningUses{Code: "OTHER"}), "opening[1].code", "one of codes"},
		"a code that is none":              {uses(coupon.OpeningUses{Code: "Ä"}), "opening[1].code", "letters"},
		"used in the year 10000":           {uses(coupon.OpeningUses{MadeAt: noon.AddDate(9000, 0, 0)}), "opening[1].made_at", "years 1 to 9999"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			report, bad, err := importCoupons(d.ctx, d.Service, pastCoupon("c", c.change))
			if err != nil || report != (coupon.ImportReport{Read: 1, Bad: 1}) {
				t.Fatalf("%+v, %v", report, err)
			}
			wantField(t, bad[0], c.field, c.must)
			for c := range d.Coupons(d.ctx, coupon.CouponFilter{}) {
				t.Errorf("a bad row has left %s", c.ID)
			}
		})
	}
}

func TestAPastCouponTakesEveryFieldAtItsBound(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	most := strings.Repeat("x", 200)
	row := pastCoupon(coupon.ID(strings.Repeat("Az09-_", 11)[:64]), func(r *coupon.PastCoupon) {
		r.Coupon.CreatedBy = most
		r.Codes = []coupon.CouponCode{{Code: "X", Batch: most, Customer: most}}
		r.Opening = []coupon.OpeningUses{{Key: most, Uses: coupon.MaxOpeningUses, Discount: coupon.MustMoney("999999999999.99", "USD"), Customer: most, Code: "x"}, {Uses: 0}}
	})
	report, bad, err := importCoupons(d.ctx, d.Service, row)
	if err != nil || report != (coupon.ImportReport{Read: 1, Recorded: 1}) {
		t.Errorf("%+v, %v, %v", report, bad, err)
	}
}

func TestOtherContentSaysWhatDiffers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	row := pastCoupon("c", func(r *coupon.PastCoupon) { r.Codes = []coupon.CouponCode{{Code: "A"}, {Code: "B"}} })
	if _, _, err := importCoupons(d.ctx, d.Service, row); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*coupon.PastCoupon){
		"name":                      func(r *coupon.PastCoupon) { r.Coupon.Name = "other" },
		"discount.percent":          func(r *coupon.PastCoupon) { r.Coupon.Discount = percent("11") },
		"code, restrictions.limits": func(r *coupon.PastCoupon) { r.Coupon.Code = "OTHER"; limited(3)(&r.Coupon) },
		"created_at, created_by":    func(r *coupon.PastCoupon) { r.Coupon.CreatedAt, r.Coupon.CreatedBy = noon.Add(-time.Hour), "maria" },
		"codes[1]":                  func(r *coupon.PastCoupon) { r.Codes = []coupon.CouponCode{{Code: "A"}, {Code: "B", Batch: "b"}} },
		"archived_at, inactive, zone": func(r *coupon.PastCoupon) {
			r.Coupon.ArchivedAt, r.Codes, r.Coupon.Inactive, r.Coupon.Zone = noon, nil, true, "Asia/Tokyo"
		},
	} {
		other := row
		change(&other)
		_, bad, err := importCoupons(d.ctx, d.Service, other)
		var conflict *coupon.CouponConflictError
		if err != nil || len(bad) != 1 || !errors.As(bad[0], &conflict) || !errors.Is(bad[0], coupon.ErrConflict) {
			t.Errorf("%s: got %v, %v", want, bad, err)
			continue
		}
		if got := strings.Join(conflict.Differs, ", "); got != want || conflict.Coupon != "c" {
			t.Errorf("%s differs from %s, want %s", got, conflict.Coupon, want)
		}
	}
}

func TestABrokenFileKeepsWhatCameBefore(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	torn := errors.New("unexpected end of file")
	rows := func(yield func(coupon.PastCoupon, error) bool) {
		_ = yield(pastCoupon("c", nil), nil) && yield(coupon.PastCoupon{}, torn)
	}
	var steps []coupon.ImportReport
	report, err := d.ImportCoupons(d.ctx, rows, coupon.ImportCouponOptions{Progress: func(r coupon.ImportReport) { steps = append(steps, r) }})
	want := coupon.ImportReport{Read: 1, Recorded: 1}
	if !errors.Is(err, torn) || report != want || len(steps) != 1 || steps[0] != want {
		t.Errorf("%+v, %v, progress %v", report, err, steps)
	}
	ctx, cancel := context.WithCancel(d.ctx)
	cancel()
	if report, err := d.ImportCoupons(ctx, coupons(pastCoupon("/", nil)), coupon.ImportCouponOptions{}); !errors.Is(err, context.Canceled) || report.Read != 0 {
		t.Errorf("after the context ended: %+v, %v", report, err)
	}
}

// breaking is a store that fails at its n-th write, before it or after it.
type breaking struct {
	coupon.Store
	n     int
	after bool
	wrote int
}

var errBroken = errors.New("the connection broke")

func (b *breaking) at(write func() error) error {
	b.wrote++
	if b.wrote != b.n {
		return write()
	}
	if b.after {
		if err := write(); err != nil {
			return err
		}
	}
	return errBroken
}

func (b *breaking) InsertCoupon(ctx context.Context, c coupon.Coupon) error {
	return b.at(func() error { return b.Store.InsertCoupon(ctx, c) })
}

func (b *breaking) InsertCodes(ctx context.Context, id coupon.ID, codes []coupon.CouponCode) (taken []coupon.Code, err error) {
	err = b.at(func() error { taken, err = b.Store.InsertCodes(ctx, id, codes); return err })
	return taken, err
}

func (b *breaking) Write(ctx context.Context, groups []*coupon.Group) error {
	return b.at(func() error { return b.Store.Write(ctx, groups) })
}

// Wherever an import of coupons breaks off, the same import again completes it:
// the end is that of one that never broke.
func TestAnImportOfCouponsThatBrokeOffIsCompletedByTheSameAgain(t *testing.T) {
	t.Parallel()
	row := func(id coupon.ID, code coupon.Code) coupon.PastCoupon {
		return pastCoupon(id, func(r *coupon.PastCoupon) {
			limited(5)(&r.Coupon)
			r.Coupon.Code = code
			for i := range 600 { // in two writes
				r.Codes = append(r.Codes, coupon.CouponCode{Code: code + coupon.Code(fmt.Sprint("-", i))})
				r.Opening = append(r.Opening, coupon.OpeningUses{Key: fmt.Sprint(i), Uses: int64(i % 3)})
			}
		})
	}
	rows := []coupon.PastCoupon{row("one", "ONE"), row("", "TWO")}
	const writes = 10
	for n := range writes + 1 {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d, after it %v", n, after), func(t *testing.T) {
				t.Parallel()
				d := newDesk(t)
				st := &breaking{Store: memory.New(), n: n, after: after}
				svc := d.With(st)
				report, bad, err := importCoupons(d.ctx, svc, rows...)
				if n == 0 && (err != nil || st.wrote != writes) {
					t.Fatalf("an unbroken import wrote %d times, want %d: %v", st.wrote, writes, err)
				}
				if n > 0 && (!errors.Is(err, errBroken) || len(bad) > 0) {
					t.Fatalf("%+v, bad %v, error %v", report, bad, err)
				}
				if report, bad, err = importCoupons(d.ctx, svc, rows...); err != nil || report.Recorded+report.Known != 2 {
					t.Fatalf("again: %+v, bad %v, error %v", report, bad, err)
				}
				if report, bad, err = importCoupons(d.ctx, svc, rows...); err != nil || report.Known != 2 {
					t.Fatalf("once more: %+v, bad %v, error %v", report, bad, err)
				}
				for c, err := range svc.Coupons(d.ctx, coupon.CouponFilter{Sort: coupon.ByCode}) {
					if err != nil {
						t.Fatal(err)
					}
					codes, openings := 0, 0
					for range svc.Codes(d.ctx, c.ID, coupon.CodeFilter{}) {
						codes++
					}
					for range svc.Redemptions(d.ctx, coupon.RedemptionFilter{Coupon: c.ID, States: []coupon.State{coupon.Opening}}) {
						openings++
					}
					if c.Limits[0].Used != 600 || codes != 601 || openings != 600 || c.Version != 1 {
						t.Errorf("%s has %d uses, %d codes, %d entries, version %d", c.Code, c.Limits[0].Used, codes, openings, c.Version)
					}
				}
				if drifts, err := svc.Verify(d.ctx); err != nil || len(drifts) > 0 {
					t.Errorf("Verify: %v, %v", drifts, err)
				}
			})
		}
	}
}

// tracking is a store that keeps no coupon, and watches what passes through it.
type tracking struct {
	coupon.Store
	codes  []weak.Pointer[coupon.CouponCode]
	limits []weak.Pointer[coupon.Limit]
}

func (*tracking) InsertCoupon(context.Context, coupon.Coupon) error { return nil }

func (s *tracking) InsertCodes(_ context.Context, _ coupon.ID, codes []coupon.CouponCode) ([]coupon.Code, error) {
	s.codes = append(s.codes, weak.Make(&codes[0]))
	return nil, nil
}

func (s *tracking) CouponByCode(ctx context.Context, code coupon.Code) (coupon.Coupon, coupon.CouponCode, error) {
	c, k, err := s.Store.CouponByCode(ctx, code)
	if len(c.Restrictions.Limits) > 0 {
		s.limits = append(s.limits, weak.Make(&c.Restrictions.Limits[0]))
	}
	return c, k, err
}

func alive[T any](ps []weak.Pointer[T]) (n int) {
	for _, p := range ps {
		if p.Value() != nil {
			n++
		}
	}
	return n
}

func TestAnImportOfCouponsKeepsNoRowInMemory(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const n = 2000
	var rows []weak.Pointer[coupon.CouponCode]
	st := &tracking{Store: memory.New()}
	stream := func(yield func(coupon.PastCoupon, error) bool) {
		for i := range n {
			row := pastCoupon(coupon.ID(fmt.Sprint("c", i)), func(r *coupon.PastCoupon) {
				r.Coupon.Code = coupon.Code(fmt.Sprint("C", i))
				r.Codes = []coupon.CouponCode{{Code: r.Coupon.Code + "-1"}}
			})
			rows = append(rows, weak.Make(&row.Codes[0]))
			if !yield(row, nil) {
				return
			}
		}
		runtime.GC()
		if given, made := alive(rows), alive(st.codes); given > 10 || made > 10 || len(st.codes) != n {
			t.Errorf("%d rows and what was made of %d are still held, of %d", given, made, len(st.codes))
		}
	}
	report, err := d.With(st).ImportCoupons(d.ctx, stream, coupon.ImportCouponOptions{})
	if err != nil || report.Recorded != n {
		t.Fatalf("%+v, %v", report, err)
	}
}

func TestAnImportRemembersABoundedNumberOfCodes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(limited(1))
	const n = 4000
	codes := make([]coupon.CouponCode, n)
	for i := range codes {
		codes[i] = coupon.CouponCode{Code: coupon.Code(fmt.Sprint("K", i)), Coupon: c.ID, SingleUse: true}
	}
	if taken, err := d.store.InsertCodes(d.ctx, c.ID, codes); err != nil || len(taken) > 0 {
		t.Fatal(taken, err)
	}
	st := &tracking{Store: d.store}
	stream := func(yield func(coupon.PastRedemption, error) bool) {
		for i := range n {
			if !yield(past(fmt.Sprint("b", i), func(r *coupon.PastRedemption) { r.Code = fmt.Sprint("k", i) }), nil) {
				return
			}
		}
		runtime.GC()
		if held := alive(st.limits); held > n/2 || len(st.limits) != n {
			t.Errorf("%d of %d coupons that were read are still held", held, len(st.limits))
		}
	}
	report, err := d.With(st).Import(d.ctx, stream, coupon.ImportOptions{})
	if err != nil || report.Recorded != n {
		t.Fatalf("%+v, %v", report, err)
	}
}

// Under a limit, opening uses and redemptions together never admit more than the
// limit leaves; and importing twice is importing once.
func TestOpeningUsesAndRedemptionsNeverPassALimitTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		most := rapid.Int64Range(1, 12).Draw(rt, "limit")
		customers := []string{"", "ann", "bob"}
		per := rapid.SampledFrom([]coupon.LimitPer{coupon.PerCoupon, coupon.PerCustomer}).Draw(rt, "per")
		row := pastCoupon("c", func(r *coupon.PastCoupon) {
			r.Coupon.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: per, Max: most}}
		})
		before := map[string]int64{} // by the subject of the limit
		subject := func(customer string) string {
			if per == coupon.PerCoupon {
				return ""
			}
			return customer
		}
		for i := range rapid.IntRange(0, 4).Draw(rt, "entries") {
			u := coupon.OpeningUses{Key: fmt.Sprint("o", i), Uses: rapid.Int64Range(0, 5).Draw(rt, "uses"), Customer: rapid.SampledFrom(customers).Draw(rt, "customer")}
			row.Opening = append(row.Opening, u)
			before[subject(u.Customer)] += u.Uses
		}
		type act struct {
			booking, customer string
			cancel            bool
		}
		var acts []act
		for range rapid.IntRange(0, 30).Draw(rt, "acts") {
			acts = append(acts, act{fmt.Sprint("b", rapid.IntRange(0, 15).Draw(rt, "booking")), rapid.SampledFrom(customers[1:]).Draw(rt, "by"), rapid.IntRange(0, 3).Draw(rt, "kind") == 0})
		}
		// run gives what happened, importing at the beginning, and as often again
		// after every act.
		run := func(again int) string {
			now := noon
			svc, err := coupon.New(coupon.Config{Store: memory.New(), Now: func() time.Time { return now }, Rand: rand.NewChaCha8([32]byte{1})})
			if err != nil {
				rt.Fatal(err)
			}
			ctx := context.Background()
			if _, bad, err := importCoupons(ctx, svc, row); err != nil || len(bad) > 0 {
				rt.Fatal(bad, err)
			}
			var story []string
			admitted := map[string]int64{}
			holder := map[string]string{}
			for _, a := range acts {
				var err error
				if a.cancel {
					_, err = svc.Cancel(ctx, a.booking)
					if who, ok := holder[a.booking]; ok && err == nil {
						admitted[subject(who)]--
						delete(holder, a.booking)
					}
				} else {
					b := booking(a.booking)
					b.Customer.Key = a.customer
					var r coupon.Redemption
					r, err = svc.Redeem(ctx, b, "TEN")
					if err == nil && !r.Replayed {
						admitted[subject(a.customer)]++
						holder[a.booking] = a.customer
						if n := admitted[subject(a.customer)]; n > max(0, most-before[subject(a.customer)]) {
							rt.Fatalf("%d are admitted after %d of %d", n, before[subject(a.customer)], most)
						}
					}
					if errors.Is(err, coupon.ErrRefused) && admitted[subject(a.customer)]+before[subject(a.customer)] < most {
						rt.Fatalf("refused after %d and %d of %d", before[subject(a.customer)], admitted[subject(a.customer)], most)
					}
				}
				story = append(story, fmt.Sprint(err))
				for range again {
					if report, bad, err := importCoupons(ctx, svc, row); err != nil || report.Known != 1 {
						rt.Fatal(report, bad, err)
					}
				}
			}
			if drifts, err := svc.Verify(ctx); err != nil || len(drifts) > 0 {
				rt.Fatal(drifts, err)
			}
			st, err := svc.State(ctx, "c")
			if err != nil {
				rt.Fatal(err)
			}
			if want := before[""] + admitted[""]; per == coupon.PerCoupon && st.Limits[0].Used != want {
				rt.Fatalf("%d uses are shown, want %d", st.Limits[0].Used, want)
			}
			end, err := json.Marshal(st)
			if err != nil {
				rt.Fatal(err)
			}
			return strings.Join(append(story, string(end)), "\n")
		}
		if diff := cmp.Diff(run(0), run(1)); diff != "" {
			rt.Fatal("importing again changed what happened: ", diff)
		}
	})
}
