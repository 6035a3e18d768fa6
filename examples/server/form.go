package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

// form is the booking form as it was filled in, and what is wrong with it.
type form struct {
	ID        string // of the booking to be: sent along, so that sending twice books once
	Quantity  map[string]string
	Date      string
	Time      string // "15:04", or empty for any time of the day
	Frequency string // empty: one-time
	Area      string
	Email     string
	Code      string            // one, or several with spaces or commas between them
	Errors    map[string]string // by field
}

// codes are the codes that were typed. No code has a comma in it.
func (f form) codes() []string { return strings.Fields(strings.ReplaceAll(f.Code, ",", " ")) }

// frequencies are what the form offers.
var frequencies = []struct{ ID, Name string }{
	{"", "Just once"},
	{string(coupon.EveryWeek), "Every week"},
	{string(coupon.EveryTwoWeeks), "Every two weeks"},
	{string(coupon.EveryMonth), "Every month"},
}

func frequencyName(id coupon.Frequency) string {
	for _, f := range frequencies {
		if f.ID == string(id) {
			return f.Name
		}
	}
	return string(id)
}

// hours are the times that the form offers.
func hours() (out []string) {
	for h := opensAt; h < closesAt; h++ {
		out = append(out, fmt.Sprintf("%02d:00", h), fmt.Sprintf("%02d:30", h))
	}
	return out
}

// blank is the form to begin with.
func (s *site) blank(code string) form {
	day := coupon.DateOf(s.now().In(s.loc)).AddDays(2)
	if day.Weekday() == time.Sunday {
		day = day.AddDays(1)
	}
	return form{
		ID: s.newID(), Quantity: map[string]string{"standard-clean": "1"},
		Date: day.String(), Time: "10:00", Area: areas[0].ID, Code: code,
	}
}

var bookingID = regexp.MustCompile(`^BH-[A-Z0-9]{1,20}$`)

// read takes the form from a request, and the booking that it asks for. What is
// wrong is in form.Errors; the booking then has what could be read.
func (s *site) read(r *http.Request) (form, booking, error) {
	if err := r.ParseForm(); err != nil {
		return form{}, booking{}, err
	}
	get := func(field string) string { return strings.TrimSpace(r.PostForm.Get(field)) }
	f := form{
		ID: get("id"), Quantity: map[string]string{}, Date: get("date"), Time: get("time"), Frequency: get("frequency"),
		Area: get("area"), Email: get("email"), Code: get("code"), Errors: map[string]string{},
	}
	if !bookingID.MatchString(f.ID) {
		f.ID = s.newID()
	}
	b := booking{ID: f.ID, MadeAt: s.now().Truncate(time.Microsecond)}
	for _, sv := range catalog {
		typed := get("quantity-" + sv.ID)
		f.Quantity[sv.ID] = typed
		if typed == "" || typed == "0" {
			continue
		}
		n, err := strconv.ParseInt(typed, 10, 64)
		if err != nil || n < 1 || n > sv.MaxQuantity {
			f.Errors["quantity-"+sv.ID] = fmt.Sprintf("Choose 0 to %d.", sv.MaxQuantity)
			continue
		}
		b.Lines = append(b.Lines, line{Service: sv.ID, Quantity: n, Price: sv.Price})
	}
	if len(b.Lines) == 0 && len(f.Errors) == 0 {
		f.Errors["services"] = "Choose at least one service."
	}
	if err := s.readDate(f, &b); err != nil {
		f.Errors["date"] = err.Error()
	}
	if b.Frequency = coupon.Frequency(f.Frequency); frequencyName(b.Frequency) == f.Frequency && f.Frequency != "" {
		f.Errors["frequency"] = "Choose one of the list."
	}
	if b.Area = f.Area; areaName(f.Area) == f.Area {
		f.Errors["area"] = "Choose one of the list."
	}
	b.Customer = coupon.CustomerKey(f.Email)
	if a, err := mail.ParseAddress(f.Email); err != nil || a.Address != f.Email || len(f.Email) > 100 {
		f.Errors["email"] = "Enter an e-mail address, such as ann@example.com."
		b.Customer = ""
	}
	return f, b, nil
}

var (
	errNoDate  = errors.New("Choose a day.")
	errPast    = errors.New("Choose a day from tomorrow on.")
	errFar     = errors.New("Choose a day within half a year.")
	errSunday  = errors.New("We are closed on Sundays: choose another day.")
	errNoHours = errors.New("Choose one of the times, or any time of the day.")
)

// readDate sets when the service is. The date and the hour are those of the
// clocks where the business is.
func (s *site) readDate(f form, b *booking) error {
	day, err := coupon.ParseDate(f.Date)
	today := coupon.DateOf(s.now().In(s.loc))
	switch {
	case err != nil:
		return errNoDate
	case day.Compare(today) <= 0:
		return errPast
	case day.Compare(today.AddDays(180)) > 0:
		return errFar
	case day.Weekday() == time.Sunday:
		return errSunday
	}
	if f.Time == "" {
		b.DayOnly = true
		b.ServiceAt, err = coupon.StartOfDay(day, zone)
		return err
	}
	at, err := time.Parse("15:04", f.Time)
	if err != nil || at.Hour() < opensAt || at.Hour() >= closesAt || at.Minute()%30 != 0 {
		return errNoHours
	}
	b.ServiceAt = time.Date(day.Year, day.Month, day.Day, at.Hour(), at.Minute(), 0, 0, s.loc)
	return nil
}
