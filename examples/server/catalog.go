package main

import (
	"fmt"
	"time"

	// The zone's rules come with the program, so that it runs on a machine that
	// has none.
	_ "time/tzdata"
)

// The business lives in one zone and one currency.
const (
	zone     = "America/Chicago"
	currency = "USD"
)

// service is what Brightside sells: a price per unit, in cents.
type service struct {
	ID, Name, Unit string
	Category       string
	Price          int64
	MaxQuantity    int64
	CostPercent    int64 // what the work costs, of its price
}

var catalog = []service{
	{ID: "standard-clean", Name: "Standard cleaning", Unit: "visit", Category: "cleaning", Price: 12900, MaxQuantity: 4, CostPercent: 58},
	{ID: "deep-clean", Name: "Deep cleaning", Unit: "visit", Category: "cleaning", Price: 21900, MaxQuantity: 4, CostPercent: 61},
	{ID: "move-clean", Name: "Move-out cleaning", Unit: "visit", Category: "cleaning", Price: 34900, MaxQuantity: 2, CostPercent: 72},
	{ID: "windows", Name: "Window cleaning", Unit: "window", Category: "windows", Price: 950, MaxQuantity: 60, CostPercent: 52},
	{ID: "yard", Name: "Lawn and yard care", Unit: "visit", Category: "yard", Price: 6500, MaxQuantity: 4, CostPercent: 66},
	{ID: "gutters", Name: "Gutter cleaning", Unit: "house", Category: "yard", Price: 14900, MaxQuantity: 2, CostPercent: 55},
	{ID: "handyman", Name: "Handyman", Unit: "hour", Category: "handyman", Price: 7900, MaxQuantity: 8, CostPercent: 70},
}

func serviceByID(id string) (service, bool) {
	for _, s := range catalog {
		if s.ID == id {
			return s, true
		}
	}
	return service{}, false
}

// area is where the work is done.
type area struct{ ID, Name string }

var areas = []area{
	{"downtown", "Downtown"},
	{"north-side", "North Side"},
	{"west-side", "West Side"},
	{"suburbs", "Suburbs"},
}

func areaName(id string) string {
	for _, a := range areas {
		if a.ID == id {
			return a.Name
		}
	}
	return id
}

// openHours are when a service can begin, in half hours from 08:00 to 17:30.
const opensAt, closesAt = 8, 18

func businessZone() (*time.Location, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("zone of the business: %w", err)
	}
	return loc, nil
}

// dollars writes cents for people: $1,234.50.
func dollars(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "−", -cents
	}
	whole := fmt.Sprint(cents / 100)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return fmt.Sprintf("%s$%s.%02d", sign, whole, cents%100)
}
