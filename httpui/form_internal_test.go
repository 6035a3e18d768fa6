package httpui

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/couponkit/coupon"
)

// values are what a browser would post of a draft.
func (d draft) values() url.Values {
	v := url.Values{"whole": {"1"}, "days": d.Days, "frequencies": d.Frequencies}
	for name, s := range d.Fields {
		if s != "" || !slices.Contains(checkboxes, name) {
			v.Set(name, strings.ReplaceAll(s, "\n", "\r\n"))
		}
	}
	for _, h := range d.Hours {
		v.Add("hours.from", h.From)
		v.Add("hours.to", h.To)
	}
	for _, m := range d.Matches {
		v.Add("matches.on", m.On)
		v.Add("matches.key", m.Key)
		v.Add("matches.any_of", strings.ReplaceAll(m.AnyOf, "\n", "\r\n"))
		v.Add("matches.none_of", strings.ReplaceAll(m.NoneOf, "\n", "\r\n"))
		v.Add("matches.kept", m.Kept)
	}
	for _, l := range d.Limits {
		v.Add("limits.max", l.Max)
		v.Add("limits.of", l.Of)
		v.Add("limits.per", l.Per)
		v.Add("limits.every", l.Every)
	}
	return v
}

var testLocales = []string{"en", "de", "fr-CH", "ar-EG", "hi", "en-IN"}

// oddText is anything the library stores, also what a form would tidy up.
func oddText(most int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		alphabet := []rune("aZ 9,;.-_'\"<>&éß漢字😀")
		return string(rapid.SliceOfN(rapid.SampledFrom(alphabet), 1, most).Draw(t, "text"))
	})
}

func anyMoney(code string) *rapid.Generator[coupon.Money] {
	return rapid.Custom(func(t *rapid.T) coupon.Money {
		m, err := coupon.MoneyFromMinor(rapid.Int64Range(1, 99_999_999_999).Draw(t, "minor"), code)
		if err != nil {
			t.Fatal(err)
		}
		return m
	})
}

// anyInstant is often the start of a day, on days when clocks change, or neither.
func anyInstant(zone string) *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		day := coupon.Date{Year: rapid.IntRange(1999, 2040).Draw(t, "year"), Month: time.Month(rapid.IntRange(1, 12).Draw(t, "month")), Day: rapid.IntRange(1, 28).Draw(t, "day")}
		day = rapid.SampledFrom([]coupon.Date{day, {Year: 2026, Month: 3, Day: 29}, {Year: 2026, Month: 10, Day: 25}, {Year: 2026, Month: 9, Day: 6}, {Year: 2011, Month: 12, Day: 30}, {Year: 2026, Month: 4, Day: 24}, {Year: 2026, Month: 11, Day: 1}}).Draw(t, "of")
		start, err := coupon.StartOfDay(day, zone)
		if err != nil {
			t.Fatal(err)
		}
		return start.UTC().Add(rapid.SampledFrom([]time.Duration{0, 0, time.Hour, 90 * time.Minute, 3*time.Hour + 15*time.Second, 1234567 * time.Microsecond, 26 * time.Hour}).Draw(t, "later"))
	})
}

// anyCoupon is a coupon that is valid, also where no form would have made it.
func anyCoupon() *rapid.Generator[coupon.Coupon] {
	return rapid.Custom(func(t *rapid.T) coupon.Coupon {
		zone := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/Santiago", "Pacific/Apia", "Africa/Cairo", "America/Havana", "Asia/Kathmandu"}).Draw(t, "zone")
		code := rapid.SampledFrom([]string{"USD", "EUR", "JPY", "KWD"}).Draw(t, "currency")
		money := anyMoney(code)
		flip := rapid.Bool()
		c := coupon.Coupon{ID: "x", Version: 3, Code: coupon.Code(rapid.StringMatching(`[A-Z0-9_-]{1,64}`).Draw(t, "code")), Zone: zone, Start: anyInstant(zone).Draw(t, "start"),
			Audience: rapid.SampledFrom([]coupon.Audience{"", coupon.NewCustomers, coupon.ExistingCustomers}).Draw(t, "audience"),
			ValidBy:  rapid.SampledFrom([]coupon.Clock{"", coupon.MadeAt, coupon.ServiceAt}).Draw(t, "valid by"),
			Inactive: flip.Draw(t, "inactive"), Combinable: flip.Draw(t, "combinable"), KeepUseOnCancel: flip.Draw(t, "keep"), ReleaseUseOnRefund: flip.Draw(t, "release")}
		if flip.Draw(t, "texts") {
			c.Name, c.Description = oddText(200).Draw(t, "name"), oddText(30).Draw(t, "d")+"\n\n"+oddText(30).Draw(t, "d2")+"\n"
		}
		if end := anyInstant(zone).Draw(t, "end"); end.After(c.Start) {
			c.End = end
		}
		switch rapid.SampledFrom([]coupon.DiscountKind{coupon.Percent, coupon.FixedAmount, coupon.AmountPerUnit}).Draw(t, "kind") {
		case coupon.Percent:
			c.Discount = coupon.PercentOff(decimal.New(rapid.Int64Range(1, 1_000_000).Draw(t, "percent"), -4))
			if flip.Draw(t, "capped") {
				c.Discount.Cap = money.Draw(t, "cap")
			}
		case coupon.FixedAmount:
			c.Discount = coupon.AmountOff(money.Draw(t, "amount"))
		default:
			c.Discount = coupon.AmountOffPerUnit(money.Draw(t, "amount"))
		}
		r := &c.Restrictions
		if flip.Draw(t, "totals") {
			r.MinTotal, r.MaxTotal = money.Draw(t, "min"), money.Draw(t, "max")
			if over, _ := r.MinTotal.Cmp(r.MaxTotal); over > 0 {
				r.MinTotal, r.MaxTotal = r.MaxTotal, r.MinTotal
			}
		}
		r.BookingType = rapid.SampledFrom([]coupon.BookingType{"", coupon.OneTime, coupon.Recurring}).Draw(t, "type")
		if r.BookingType != coupon.OneTime {
			r.Occurrences = rapid.Int64Range(0, 3).Draw(t, "occurrences")
			if flip.Draw(t, "frequent") {
				own := rapid.Map(oddText(40), func(s string) coupon.Frequency { return coupon.Frequency(s) })
				known := rapid.SampledFrom(knownFrequencies)
				r.Frequencies = rapid.SliceOfN(rapid.OneOf(own, known), 1, 5).Draw(t, "frequencies")
			}
		}
		r.MinUnits = rapid.SampledFrom([]int64{0, 1, 1234, 1_000_000_000}).Draw(t, "units")
		if flip.Draw(t, "days") {
			r.Days = rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 6), func(d int) time.Weekday { return time.Weekday(d) }), 1, 9).Draw(t, "days")
			r.DaysBy = rapid.SampledFrom([]coupon.Clock{"", coupon.MadeAt, coupon.ServiceAt}).Draw(t, "days by")
		}
		for range rapid.IntRange(0, 3).Draw(t, "windows") {
			h := coupon.Hours{From: coupon.TimeOfDay(rapid.IntRange(0, 86399).Draw(t, "from")), To: coupon.TimeOfDay(rapid.IntRange(0, 86400).Draw(t, "to"))}
			if (coupon.Coupon{Code: "A", Start: c.Start, Discount: c.Discount, Restrictions: coupon.Restrictions{Hours: []coupon.Hours{h}}}).Validate() == nil {
				r.Hours = append(r.Hours, h)
			}
		}
		for range rapid.IntRange(0, 3).Draw(t, "matches") {
			m := coupon.Match{On: rapid.SampledFrom([]coupon.MatchOn{coupon.OnBooking, coupon.OnCustomer, coupon.OnLine}).Draw(t, "on"), Key: oddText(20).Draw(t, "key")}
			values := rapid.SliceOfN(rapid.OneOf(oddText(40), rapid.Just("")), 1, rapid.SampledFrom([]int{2, 900}).Draw(t, "many"))
			if flip.Draw(t, "any") {
				m.AnyOf = values.Draw(t, "any of")
			}
			if m.AnyOf == nil || flip.Draw(t, "none") {
				m.NoneOf = values.Draw(t, "none of")
			}
			r.Matches = append(r.Matches, m)
		}
		seen := map[coupon.Limit]bool{}
		for range rapid.IntRange(0, 6).Draw(t, "limits") {
			l := coupon.Limit{Of: rapid.SampledFrom([]coupon.LimitOf{coupon.Uses, coupon.DiscountGiven}).Draw(t, "of"),
				Per:   rapid.SampledFrom([]coupon.LimitPer{coupon.PerCoupon, coupon.PerCustomer, coupon.PerCode}).Draw(t, "per"),
				Every: rapid.SampledFrom([]coupon.Period{coupon.Ever, coupon.PerDay, coupon.PerWeek, coupon.PerMonth}).Draw(t, "every")}
			if seen[l] {
				continue
			}
			seen[l] = true
			if l.Of == coupon.Uses {
				l.Max = rapid.Int64Range(1, 5000).Draw(t, "max")
			} else {
				l.Budget = money.Draw(t, "budget")
			}
			r.Limits = append(r.Limits, l)
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("the generator made %v", err)
		}
		return c
	})
}

// Whatever a coupon is, a form that is saved as it was shown leaves it as it is:
// every instant to the microsecond, every list in its order. Another field, or one
// more row, changes nothing else.
func TestAFormKeepsWhatIsNotTouched(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := testWords(nilTB{}, rapid.SampledFrom(testLocales).Draw(t, "locale"))
		c := anyCoupon().Draw(t, "coupon")
		was := w.draftOf(c, "USD")
		v := was.values()
		if len(v.Encode()) > maxBody {
			t.Fatalf("a form of %d bytes", len(v.Encode()))
		}
		d, err := postedDraft(v, was)
		if err != nil {
			t.Fatal(err)
		}
		got, wrong := w.read(d, was, c)
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Fatal(diff)
		}
		v.Set("name", "Another name")
		v.Add("limits.max", "7")
		v.Add("limits.of", "uses")
		v.Add("limits.per", "code")
		v.Add("limits.every", "month")
		more := matchDraft{On: "line", Key: "service", AnyOf: "window\nroof"}
		for name, value := range map[string]string{"on": more.On, "key": more.Key, "any_of": more.AnyOf, "none_of": "", "kept": ""} {
			v.Add("matches."+name, value)
		}
		v.Add("hours.from", "09:00")
		v.Add("hours.to", "17:30")
		if d, err = postedDraft(v, was); err != nil {
			t.Fatal(err)
		}
		had := slices.ContainsFunc(c.Restrictions.Limits, func(l coupon.Limit) bool {
			return l.Of == coupon.Uses && l.Per == coupon.PerCode && l.Every == coupon.PerMonth
		})
		got, wrong = w.read(d, was, c)
		if (len(wrong) > 0) != had {
			t.Fatalf("a limit twice is %v: %v", had, wrong)
		}
		want := c.Clone()
		want.Name = "Another name"
		want.Restrictions.Limits = append(want.Restrictions.Limits, coupon.Limit{Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.PerMonth, Max: 7})
		want.Restrictions.Matches = append(want.Restrictions.Matches, coupon.Match{On: coupon.OnLine, Key: "service", AnyOf: []string{"window", "roof"}})
		want.Restrictions.Hours = append(want.Restrictions.Hours, coupon.Hours{From: 9 * 3600, To: 17*3600 + 1800})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Rows that look alike and are not the same each stay what they were, wherever the
// other rows go.
func TestRowsThatLookAlikeStayWhatTheyWere(t *testing.T) {
	t.Parallel()
	w := testWords(t, "en")
	c := coupon.Coupon{ID: "x", Version: 1, Code: "TEN", Zone: "UTC", Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Discount: coupon.PercentOff(decimal.NewFromInt(10))}
	midnight, end, noon := coupon.Hours{From: 2}, coupon.Hours{From: 2, To: coupon.EndOfDay}, coupon.Hours{From: 3600, To: 12 * 3600}
	for name, hours := range map[string][]coupon.Hours{"first": {midnight, end, noon}, "second": {end, midnight, noon}, "apart": {midnight, noon, end}} {
		c.Restrictions.Hours = hours
		was := w.draftOf(c, "USD")
		for gone := range hours {
			d := w.draftOf(c, "USD")
			d.Hours = slices.Delete(d.Hours, gone, gone+1)
			got, wrong := w.read(d, was, c)
			if len(wrong) > 0 {
				t.Fatal(wrong)
			}
			want := slices.Delete(slices.Clone(hours), gone, gone+1)
			if alike := hours[gone] != noon; alike {
				// Which of the two that look alike has gone nobody can tell: they mean the same.
				if len(got.Restrictions.Hours) != 2 || got.Restrictions.Hours[0] == got.Restrictions.Hours[1] {
					t.Errorf("%s without row %d: %v", name, gone, got.Restrictions.Hours)
				}
			} else if !slices.Equal(got.Restrictions.Hours, want) {
				t.Errorf("%s without row %d: %v, want %v", name, gone, got.Restrictions.Hours, want)
			}
		}
		d := w.draftOf(c, "USD")
		d.Hours = append(d.Hours, hoursDraft{From: "09:00", To: "17:30"})
		got, _ := w.read(d, was, c)
		if want := append(slices.Clone(hours), coupon.Hours{From: 9 * 3600, To: 17*3600 + 1800}); !slices.Equal(got.Restrictions.Hours, want) {
			t.Errorf("%s and one more: %v, want %v", name, got.Restrictions.Hours, want)
		}
	}
}

// nilTB lets helpers of tests run within a property.
type nilTB struct{ testing.TB }

func (nilTB) Helper() {}

// What a form shows means the coupon also to somebody who has typed all of it
// anew, as far as a form can say it.
func TestAFormSaysWhatItMeans(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := testWords(nilTB{}, rapid.SampledFrom(testLocales).Draw(t, "locale"))
		c := anyCoupon().Draw(t, "coupon")
		// What a form can't say: who it is, and what it would tidy up.
		c.ID, c.Version, c.Inactive, c.Name, c.Description = "", 0, false, "A name", "Some\n\ntext"
		r := &c.Restrictions
		slices.SortFunc(r.Days, func(a, b time.Weekday) int { return int(a-w.weekStart()+7)%7 - int(b-w.weekStart()+7)%7 })
		r.Days = slices.Compact(r.Days)
		r.Frequencies, r.Matches = nil, nil
		c.ValidBy, r.DaysBy = clockOr(c.ValidBy, coupon.MadeAt), clockOr(r.DaysBy, coupon.ServiceAt)
		for i := range r.Hours {
			if r.Hours[i].To == 0 {
				r.Hours[i].To = coupon.EndOfDay // the same window
			}
		}
		if c.Start.Nanosecond() != 0 || c.End.Nanosecond() != 0 || twice(c.Start, c.Zone) || twice(c.End, c.Zone) {
			t.Skip("less than a second, or an hour that is there twice")
		}
		d := w.draftOf(c, currencyOf(c))
		got, wrong := w.read(d, draft{}, coupon.Coupon{})
		if len(wrong) > 0 {
			t.Fatal(wrong, d)
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// twice reports whether clocks show the time of an instant a second time that day.
func twice(t time.Time, zone string) bool {
	loc, err := time.LoadLocation(zone)
	if err != nil || t.IsZero() {
		return false
	}
	here := t.In(loc).Format(time.DateTime)
	return t.Add(time.Hour).In(loc).Format(time.DateTime) == here || t.Add(-time.Hour).In(loc).Format(time.DateTime) == here
}

func TestNumbersAreReadAsTheLocaleWritesThem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		locale, typed string
		decimals      int
		plain         string
		problem       numberProblem
	}{
		{"en", "12.50", 2, "12.50", ""},
		{"en", "12,50", 2, "12.50", ""},
		{"de", "12,50", 2, "12.50", ""},
		{"de", "12.50", 2, "12.50", ""},
		{"en", "1,234", 2, "1234", ""}, // USD has no thousandths: it can mean one thing only
		{"de", "1.234", 2, "1234", ""},
		{"en", "1,234", 3, "", ambiguous},
		{"de", "1.234", 4, "", ambiguous},
		{"en", "1.234", 3, "1.234", ""}, // the locale's own mark
		{"de", "1,234", 3, "1.234", ""},
		{"en", "0,125", 4, "0.125", ""}, // no group begins with 0
		{"en", "1,234.5", 2, "1234.5", ""},
		{"en", "1.234,5", 2, "1234.5", ""},
		{"de", "1.234.567,89", 2, "1234567.89", ""},
		{"en", "1,234,567", 2, "1234567", ""},
		{"en-IN", "12,34,567.5", 2, "1234567.5", ""},
		{"fr-CH", "1’234.50", 2, "1234.50", ""},
		{"fr", "1 234,50", 2, "1234.50", ""},
		{"fr", "1\u202f234,50", 2, "1234.50", ""},
		{"ar-EG", "١٬٢٣٤٫٥٠", 2, "1234.50", ""},
		{"ar-EG", "12.5", 2, "12.5", ""},
		{"hi", "१२.५", 2, "12.5", ""},
		{"en", " 15 ", 4, "15", ""},
		{"en", "-5", 2, "-5", ""},
		{"en", ".5", 2, "0.5", ""},
		{"en", "12..5", 2, "", notNumber},
		{"en", "1,2,3", 2, "", notNumber},
		{"en", "1.2,3.4", 2, "", notNumber},
		{"en", "12,34,5", 2, "", notNumber},
		{"en", "1e9", 2, "", notNumber},
		{"en", "$12", 2, "", notNumber},
		{"en", "twelve", 2, "", notNumber},
		{"en", "--5", 2, "", notNumber},
		{"en", ",", 2, "", notNumber},
		{"en", "", 2, "", notNumber},
	} {
		plain, problem := newFormats(tt.locale).readNumber(tt.typed, tt.decimals)
		if plain != tt.plain || problem != tt.problem {
			t.Errorf("%s %q of %d decimals: %q %q, want %q %q", tt.locale, tt.typed, tt.decimals, plain, problem, tt.plain, tt.problem)
		}
	}
}

// A number that a form shows is read back as it is, in every locale.
func TestNumbersAreWrittenAsTheyAreRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := newFormats(rapid.SampledFrom(testLocales).Draw(t, "locale"))
		scale := rapid.Int32Range(0, 4).Draw(t, "scale")
		d := decimal.New(rapid.Int64Range(0, 9_999_999_999_999_999).Draw(t, "n"), -scale)
		shown := f.plain(d)
		plain, problem := f.readNumber(shown, 4)
		if got, err := decimal.NewFromString(plain); problem != "" || err != nil || !got.Equal(d) {
			t.Fatalf("%s is shown as %q and read as %q %s", d, shown, plain, problem)
		}
	})
}

// Every rule of the library that a form can break has a text.
func TestEveryRuleHasAText(t *testing.T) {
	t.Parallel()
	w := testWords(t, "en")
	for _, m := range musts {
		if key := "form.errors." + m.key; w.t(key) == key {
			t.Errorf("%s has no text", key)
		}
	}
}
