package httpui

import (
	"crypto/rand"
	"errors"
	"strings"

	"github.com/couponkit/coupon"
)

// mostOfName is how many letters of a name go into a code.
const mostOfName = 12

// suggestCode makes a code that is free, of the name and of what the coupon gives:
// "Spring cleaning", 15% is SPRING15. Where that is taken or there already, some
// letters make it another one.
func (f *form) suggestCode() (string, error) {
	w := f.q.words
	word := firstWord(f.d.Fields["name"])
	if plain, problem := w.readNumber(strings.TrimSuffix(f.d.Fields["value"], "%"), percentDecimals); problem == "" {
		whole, _, _ := strings.Cut(plain, ".")
		if len(whole) < 5 && whole != "0" {
			word += whole
		}
	}
	if word != "" && word != w.code(f.d.Fields["code"]) {
		free, err := f.free(word)
		if free || err != nil {
			return word, err
		}
	}
	for {
		code := strings.TrimPrefix(word+"-"+rand.Text()[:6], "-")
		free, err := f.free(code)
		if free || err != nil {
			return code, err
		}
	}
}

// free reports whether no coupon has the code.
func (f *form) free(code string) (bool, error) {
	_, err := f.q.svc.CouponByCode(f.q.r.Context(), code)
	if errors.Is(err, coupon.ErrNotFound) {
		return true, nil
	}
	return false, err
}

// firstWord is the first word of a name that has a letter a code may have, in
// capitals and without the others.
func firstWord(name string) string {
	for word := range strings.FieldsSeq(strings.ToUpper(name)) {
		word = strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, word)
		if len(word) > 2 {
			return word[:min(len(word), mostOfName)]
		}
	}
	return ""
}

// codeTaken says of a code that another coupon has it, so that what only the store
// knows is told together with all else that is wrong.
func (f *form) codeTaken() error {
	code, err := coupon.ParseCode(f.d.Fields["code"])
	if _, said := f.errors["code"]; said || err != nil {
		return nil
	}
	switch c, err := f.q.svc.CouponByCode(f.q.r.Context(), string(code)); {
	case errors.Is(err, coupon.ErrNotFound):
		return nil
	case err != nil:
		return err
	case c.ID != f.base.ID:
		f.errors["code"] = f.q.words.t("form.errors.code-taken", "code", string(code))
	}
	return nil
}
