package sqlstore

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/couponkit/coupon"
)

// transactions is a database that tells which bookings share a transaction.
type transactions struct {
	shared
	began chan []string
	end   chan error // what the transaction under way ends with
}

func (d *transactions) run(ctx context.Context, groups []*coupon.Group) error {
	var bookings []string
	for _, g := range groups {
		bookings = append(bookings, g.Booking)
	}
	d.began <- bookings
	select {
	case err := <-d.end:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *transactions) write(ctx context.Context, booking string) <-chan error {
	out := make(chan error, 1)
	go func() {
		out <- d.shared.write(ctx, sharedKey{"acme", "HOT"}, []*coupon.Group{{Booking: booking}}, d.run)
	}()
	synctest.Wait()
	return out
}

// underWay is a database whose first transaction has begun.
func underWay(t *testing.T) (*transactions, <-chan error) {
	t.Helper()
	d := &transactions{began: make(chan []string, 9), end: make(chan error)}
	first := d.write(t.Context(), "first")
	d.wantBegun(t, "first")
	return d, first
}

func (d *transactions) wantBegun(t *testing.T, bookings ...string) {
	t.Helper()
	synctest.Wait()
	select {
	case got := <-d.began:
		if len(got) != len(bookings) {
			t.Fatalf("a transaction of %v, want %v", got, bookings)
		}
		for i := range got {
			if got[i] != bookings[i] {
				t.Fatalf("a transaction of %v, want %v", got, bookings)
			}
		}
	default:
		t.Fatalf("no transaction has begun, want one of %v", bookings)
	}
}

func wantErr(t *testing.T, who string, got <-chan error, want error) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-got:
		if !errors.Is(err, want) {
			t.Errorf("%s: got error %v, want %v", who, err, want)
		}
	default:
		t.Errorf("%s has no answer", who)
	}
}

// idle wants nobody to be waited for.
func (d *transactions) idle(t *testing.T) {
	t.Helper()
	synctest.Wait()
	if len(d.waiting) != 0 || len(d.began) != 0 {
		t.Errorf("still waiting: %v, transactions that nobody asked for: %d", d.waiting, len(d.began))
	}
}

func TestWhoComesMeanwhileSharesTheNextTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, first := underWay(t)
		a, b, c := d.write(t.Context(), "a"), d.write(t.Context(), "b"), d.write(t.Context(), "c")
		d.end <- nil
		wantErr(t, "first", first, nil)
		d.wantBegun(t, "a", "b", "c")
		late := d.write(t.Context(), "late")
		d.end <- nil
		for _, answer := range []<-chan error{a, b, c} {
			wantErr(t, "one of three", answer, nil)
		}
		d.wantBegun(t, "late")
		d.end <- nil
		wantErr(t, "late", late, nil)
		d.idle(t)
	})
}

func TestOtherKeysAreNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, first := underWay(t)
		other := make(chan error, 1)
		go func() {
			other <- d.shared.write(t.Context(), sharedKey{"globex", "HOT"}, []*coupon.Group{{Booking: "other"}}, d.run)
		}()
		d.wantBegun(t, "other")
		d.end <- nil
		d.end <- nil
		wantErr(t, "first", first, nil)
		wantErr(t, "other", other, nil)
		d.idle(t)
	})
}

func TestWhoGoesAwayWhileWaitingWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, first := underWay(t)
		ctx, cancel := context.WithCancel(t.Context())
		gone, stays := d.write(ctx, "gone"), d.write(t.Context(), "stays")
		cancel()
		wantErr(t, "gone", gone, context.Canceled)
		d.end <- nil
		wantErr(t, "first", first, nil)
		d.wantBegun(t, "stays")
		d.end <- nil
		wantErr(t, "stays", stays, nil)
		d.idle(t)
	})
}

func TestWhoGoesAwayInASharedTransactionTakesNobodyAlong(t *testing.T) {
	for name, goner := range map[string]int{"who leads": 0, "who follows": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, first := underWay(t)
				ctx, cancel := context.WithCancel(t.Context())
				contexts := []context.Context{t.Context(), t.Context(), t.Context()}
				contexts[goner] = ctx
				var answers []<-chan error
				for i, booking := range []string{"a", "b", "c"} {
					answers = append(answers, d.write(contexts[i], booking))
				}
				d.end <- nil
				wantErr(t, "first", first, nil)
				d.wantBegun(t, "a", "b", "c")
				cancel()
				for i, answer := range answers {
					if i == goner {
						wantErr(t, "who has gone", answer, context.Canceled)
						continue
					}
					synctest.Wait()
					if got := <-d.began; len(got) != 1 {
						t.Fatalf("then a transaction of %v, want each by itself", got)
					}
					d.end <- nil
				}
				for i, answer := range answers {
					if i != goner {
						wantErr(t, "who stays", answer, nil)
					}
				}
				d.idle(t)
			})
		})
	}
}

func TestWhatFailsForOneIsWrittenByEachAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, first := underWay(t)
		a, b := d.write(t.Context(), "a"), d.write(t.Context(), "b")
		d.end <- nil
		wantErr(t, "first", first, nil)
		d.wantBegun(t, "a", "b")
		d.end <- errors.New("this text can't be stored")
		synctest.Wait()
		for range 2 { // side by side, in no order
			if got := <-d.began; len(got) != 1 {
				t.Fatalf("then a transaction of %v, want each by itself", got)
			}
		}
		d.end <- nil
		d.end <- nil
		wantErr(t, "a", a, nil)
		wantErr(t, "b", b, nil)
		d.idle(t)
	})
}

func TestAnUnknownOutcomeIsUnknownToAll(t *testing.T) {
	for _, told := range []error{coupon.ErrOutcomeUnknown, coupon.ErrContention} {
		synctest.Test(t, func(t *testing.T) {
			d, first := underWay(t)
			a, b := d.write(t.Context(), "a"), d.write(t.Context(), "b")
			d.end <- nil
			wantErr(t, "first", first, nil)
			d.wantBegun(t, "a", "b")
			d.end <- told
			wantErr(t, "a", a, told)
			wantErr(t, "b", b, told)
			d.idle(t)
		})
	}
}

func TestATransactionHasABoundedNumberOfGuests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, first := underWay(t)
		var answers []<-chan error
		for range maxShared + 5 {
			answers = append(answers, d.write(t.Context(), "b"))
		}
		d.end <- nil
		wantErr(t, "first", first, nil)
		if n := len(<-d.began); n != maxShared+1 {
			t.Errorf("%d share a transaction, want the one that leads and %d", n, maxShared)
		}
		d.end <- nil
		synctest.Wait()
		if n := len(<-d.began); n != 4 {
			t.Errorf("%d share the next one, want the 4 that are left", n)
		}
		d.end <- nil
		for _, answer := range answers {
			wantErr(t, "one of them", answer, nil)
		}
		d.idle(t)
	})
}
