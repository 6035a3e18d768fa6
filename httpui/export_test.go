package httpui

// Route is a route of the table, for tests that go through all of them.
type Route struct {
	Method, Pattern string
	Action          Action
}

// Routes gives the table.
func Routes() []Route {
	var out []Route
	for _, rt := range routes {
		out = append(out, Route{rt.method, rt.pattern, rt.action})
	}
	return out
}

// AssetName gives the hashed name of a static file.
func (h *Handler) AssetName(name string) string { return h.assets.names[name] }
