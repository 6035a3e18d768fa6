package httpui_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

// node is an element of a parsed page.
type node struct {
	name string
	attr map[string]string
	kids []*node
	text string // of itself and all below
}

// parse reads HTML as our templates write it: every element closed or void,
// every attribute quoted. Anything else fails the test, so that what a page holds
// can't be other than what the templates meant.
func parse(t testing.TB, page string) *node {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	root := &node{name: "#root"}
	open := []*node{root}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		top := open[len(open)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			n := &node{name: tok.Name.Local, attr: map[string]string{}}
			for _, a := range tok.Attr {
				name := a.Name.Local
				if a.Name.Space != "" {
					name = a.Name.Space + ":" + name
				}
				if _, twice := n.attr[name]; twice {
					t.Errorf("<%s> has %s twice", n.name, name)
				}
				n.attr[name] = a.Value
			}
			top.kids = append(top.kids, n)
			open = append(open, n)
		case xml.EndElement:
			if top.name != tok.Name.Local {
				t.Fatalf("</%s> closes <%s>", tok.Name.Local, top.name)
			}
			open = open[:len(open)-1]
		case xml.CharData:
			for _, n := range open {
				n.text += string(tok)
			}
		}
	}
	if len(open) != 1 {
		t.Fatalf("<%s> is not closed", open[len(open)-1].name)
	}
	return root
}

// all gives the elements below for which a test holds, in order.
func (n *node) all(holds func(*node) bool) []*node {
	var out []*node
	for _, k := range n.kids {
		if holds(k) {
			out = append(out, k)
		}
		out = append(out, k.all(holds)...)
	}
	return out
}

func named(name string) func(*node) bool { return func(n *node) bool { return n.name == name } }

func class(name string) func(*node) bool {
	return func(n *node) bool {
		for _, c := range strings.Fields(n.attr["class"]) {
			if c == name {
				return true
			}
		}
		return false
	}
}

// byID gives the one element with an id.
func (n *node) byID(t testing.TB, id string) *node {
	t.Helper()
	found := n.all(func(n *node) bool { return n.attr["id"] == id })
	if len(found) != 1 {
		t.Fatalf("%d elements have the id %q", len(found), id)
	}
	return found[0]
}

// words is the text with runs of blanks made one.
func (n *node) words() string { return strings.Join(strings.Fields(n.text), " ") }
