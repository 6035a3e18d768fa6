package vectors

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

// runText runs vectors written in a test, and gives what is printed and what
// failed.
func runText(t *testing.T, vectors ...string) (printed string, failures []error) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "planted.json"), `{"schema_version": 1, "topic": "planted", "vectors": [`+strings.Join(vectors, ",")+`]}`)
	var out strings.Builder
	failures, err := runDirectory(t.Context(), dir, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), failures
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

const tenOfHundred = `{"id": "ten", "type": "discount", "currency": "USD", "exponent": 2,
	"lines": [{"id": "l1", "unit_price": "100.00", "quantity": 1}], "coupons": [{"kind": "percent", "value": "10"}],
	"expect": {"valid": true, "total_discount": "10.00"}}`

func TestAWrongExpectationFailsWithItsIDAndBothValues(t *testing.T) {
	t.Parallel()
	printed, failures := runText(t, tenOfHundred, strings.Replace(tenOfHundred, `"10.00"`, `"10.01"`, 1))
	if want := "vectors: planted passed=1 failed=1 skipped=0\n"; printed != want {
		t.Errorf("printed %q, want %q", printed, want)
	}
	if want := "ten: total_discount: expected 10.01, got 10"; len(failures) != 1 || failures[0].Error() != want {
		t.Errorf("failures %v, want %q", failures, want)
	}
}

func TestWhatIsNotKnownFailsInsteadOfBeingPassedOver(t *testing.T) {
	t.Parallel()
	with := func(old, new string) string { return strings.Replace(tenOfHundred, old, new, 1) }
	for name, v := range map[string]string{
		"field of a vector":   with(`"id": "ten"`, `"id": "ten", "moon": "full"`),
		"field of a coupon":   with(`"kind"`, `"moon": "full", "kind"`),
		"field of a line":     with(`"unit_price"`, `"moon": "full", "unit_price"`),
		"field of the result": with(`"valid"`, `"moon": "full", "valid"`),
		"type":                with(`"discount"`, `"moon"`),
		"policy":              with(`"id": "ten"`, `"id": "ten", "policy": {"moon": ["full"]}`),
		"kind of coupon":      with(`"percent"`, `"moon"`),
		"kind of line":        with(`"unit_price"`, `"kind": "moon", "unit_price"`),
		"scope":               with(`"kind"`, `"scope": "moon", "kind"`),
		"stacking":            with(`"coupons"`, `"stacking": "moon", "coupons"`),
		"op":                  `{"id": "op", "type": "usage", "coupon": {}, "events": [{"op": "moon", "order": "o1", "expect": {}}]}`,
		"op of an agreement":  `{"id": "op", "type": "recurring", "coupon": {"duration": "once"}, "bookings": [{"op": "moon", "expect": {}}]}`,
		"duration":            `{"id": "d", "type": "recurring", "coupon": {"duration": "moon"}, "bookings": []}`,
		"no duration":         `{"id": "d", "type": "recurring", "coupon": {}, "bookings": []}`,
		"state of a code":     `{"id": "s", "type": "usage", "coupon": {}, "events": [{"op": "apply", "order": "o1", "code_state": "moon", "expect": {}}]}`,
		"op of a calendar":    `{"id": "op", "type": "calendar", "op": "moon_of", "cases": [{"at": "2024-01-01", "expect": 1}]}`,
		"weekday": `{"id": "day", "type": "restriction", "coupon": {"kind": "percent", "value": "10", "weekdays": ["moonday"]}, "context": {},
			"expect": {"valid": false}}`,
		"field of a situation": `{"id": "s", "type": "restriction", "coupon": null, "context": {"moon": "full"}, "expect": {"valid": false}}`,
		"dataset":              `{"id": "d", "type": "summary", "dataset": "moon", "query": {}, "expect": {"totals": {}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if printed, failures := runText(t, v); len(failures) != 1 || !strings.Contains(printed, "failed=1") {
				t.Errorf("failures %v, printed %q: want one failure", failures, printed)
			}
		})
	}
}

func TestAnotherDirectoryIsRunIfTheEnvironmentNamesIt(t *testing.T) {
	if t.Setenv("COUPON_VECTORS", ""); directory() != "testdata" {
		t.Errorf("without a name: %s", directory())
	}
	dir := t.TempDir()
	t.Setenv("COUPON_VECTORS", dir)
	write(t, filepath.Join(dir, notRun), `{"disagreements": []}`)
	write(t, filepath.Join(dir, "a.json"), `{"schema_version": 1, "topic": "foreign", "vectors": [`+tenOfHundred+`]}`)
	write(t, filepath.Join(dir, "b.json"), `{"schema_version": 1, "topic": "foreign", "vectors": [`+tenOfHundred+`]}`)
	var out strings.Builder
	failures, err := runDirectory(t.Context(), directory(), &out)
	if want := "vectors: foreign passed=2 failed=0 skipped=0\n"; err != nil || failures != nil || out.String() != want {
		t.Errorf("error %v, failures %v, printed %q, want %q", err, failures, out.String(), want)
	}
}

func TestADirectoryWithoutReadableVectorsIsAnError(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"": "", "other.json": `[]`, "later.json": `{"schema_version": 2, "topic": "x", "vectors": []}`, "no-topic.json": `{"schema_version": 1, "vectors": []}`,
	} {
		dir := t.TempDir()
		if name != "" {
			write(t, filepath.Join(dir, name), content)
		}
		if _, err := runDirectory(t.Context(), dir, io.Discard); err == nil {
			t.Errorf("%q: no error", name)
		}
	}
}

func TestSkipsAreNamedWithTheirReasons(t *testing.T) {
	t.Parallel()
	printed, failures := runText(t, strings.Replace(tenOfHundred, `"id"`, `"policy": {"rounding": ["half_down"]}, "id"`, 1))
	want := "vectors: skip ten: policy rounding: ours is half_up, not half_down\n" +
		"vectors: planted passed=0 failed=0 skipped=1\n"
	if printed != want || failures != nil {
		t.Errorf("failures %v, printed %q, want %q", failures, printed, want)
	}
}

func TestVectorsAreSkippedForWhatTheyAreAndNotByName(t *testing.T) {
	t.Parallel()
	id := regexp.MustCompile(`skip [^:]+:`)
	run := func(rename bool) string {
		dir := copyOf(t, func(v map[string]any) {
			if rename {
				v["id"] = "anonymous"
			}
		})
		var out strings.Builder
		if _, err := runDirectory(t.Context(), dir, &out); err != nil {
			t.Fatal(err)
		}
		return id.ReplaceAllString(out.String(), "skip:")
	}
	if named, anonymous := run(false), run(true); named != anonymous {
		t.Errorf("the outcome depends on ids:\n%s\n%s", named, anonymous)
	}
}

// notCompared are figures of other engines' reports that are not ours to give.
var notCompared = []string{"shipping", "tax", "total_sales", "items_sold", "coupons_count"}

func TestNoVectorPassesIfAnyOfItsExpectationsIsChanged(t *testing.T) {
	t.Parallel()
	passed := 0
	for _, name := range testdataFiles(t) {
		f, err := readFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range f.Vectors {
			id, err := runVector(t.Context(), raw, f.Datasets)
			if err != nil {
				continue
			}
			passed++
			everyChangeFails(t, id, raw, f.Datasets)
		}
	}
	if passed == 0 {
		t.Error("no vector passed")
	}
}

// everyChangeFails changes one expected value of a vector after the other.
func everyChangeFails(t *testing.T, id string, raw []byte, datasets map[string][]order) {
	t.Helper()
	for n := 0; ; n++ {
		v, left := tree(t, raw), n
		changed := ""
		falsify(v, false, "", &left, &changed)
		if changed == "" {
			return
		}
		if _, err := runVector(t.Context(), encode(t, v), datasets); err == nil && !slices.Contains(notCompared, changed) {
			t.Errorf("%s passes with another %s", id, changed)
		}
	}
}

// expectations are what a vector expects; some stand beside the others.
var expectations = []string{"expect", "used_amount", "applied_codes", "code_state"}

// falsify changes the one of the values that a vector expects before which there
// are n others, and names it.
func falsify(v any, expected bool, key string, n *int, changed *string) any {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if k == "initial" { // what was, not what is expected
				continue
			}
			v[k] = falsify(v[k], expected || slices.Contains(expectations, k), k, n, changed)
		}
		return v
	case []any:
		for i, x := range v {
			v[i] = falsify(x, expected, key, n, changed)
		}
		return v
	}
	if !expected {
		return v
	}
	if *n--; *n != -1 {
		return v
	}
	*changed = key
	switch v := v.(type) {
	case bool:
		return !v
	case json.Number:
		i, _ := v.Int64()
		return i + 1
	case string:
		if d, err := decimal.NewFromString(v); err == nil {
			return d.Add(decimal.NewFromInt(1)).String()
		}
	}
	return "1999-01-01"
}

func testdataFiles(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	return names
}

// copyOf is the testdata with every vector changed.
func copyOf(t *testing.T, change func(vector map[string]any)) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range testdataFiles(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f := tree(t, data)
		for _, v := range f["vectors"].([]any) {
			change(v.(map[string]any))
		}
		write(t, filepath.Join(dir, filepath.Base(name)), string(encode(t, f)))
	}
	return dir
}

func tree(t *testing.T, data []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEveryPolicyThatIsKnownIsDecided(t *testing.T) {
	t.Parallel()
	for key, words := range ours {
		h := header{Policy: map[string][]string{key: {words[0]}}}
		if err := h.policies(); err != nil {
			t.Errorf("%s: our own choice: %v", key, err)
		}
		h.Policy[key] = []string{"another"}
		if want := fmt.Sprintf("policy %s: ours is %s, not another", key, words[0]); h.policies() == nil || h.policies().Error() != want {
			t.Errorf("%s: another choice: %v, want %q", key, h.policies(), want)
		}
	}
}

func TestStandInsAreRealCurrenciesOfTheirExponent(t *testing.T) {
	t.Parallel()
	for exponent, pair := range standIns {
		for _, code := range pair {
			if digits, ok := decimals(code); !ok || digits != exponent {
				t.Errorf("%s has %d decimals (%t), want %d", code, digits, ok, exponent)
			}
		}
	}
}
