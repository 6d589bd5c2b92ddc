package routing

import (
	"math"
	"reflect"
	"testing"

	"sealdesk/internal/db"
)

func TestPlace(t *testing.T) {
	files := []db.File{{Pages: []db.PageSize{{Width: 595.28, Height: 841.89}, {Width: 842, Height: 595}}}}
	people := []db.DraftApprover{{ID: "a"}}
	component := func(change func(*db.Component)) db.Component {
		c := db.Component{ID: "c1", Type: db.SignSeal, Approver: "a", Page: 1, X: 100, Y: 200.128, Width: 119, Height: 119}
		change(&c)
		return c
	}
	for name, test := range map[string]struct {
		change  func(*db.Component)
		x, y    float64
		w, h    float64
		clamped bool
		rule    string
	}{
		"on the page":       {change: func(c *db.Component) {}, x: 100, y: 200.13, w: 119, h: 119},
		"off to the right":  {change: func(c *db.Component) { c.X = 590 }, x: 476.28, y: 200.13, w: 119, h: 119, clamped: true},
		"off below":         {change: func(c *db.Component) { c.Y = 1e9 }, x: 100, y: 722.89, w: 119, h: 119, clamped: true},
		"off to the left":   {change: func(c *db.Component) { c.X = -30 }, x: 0, y: 200.13, w: 119, h: 119, clamped: true},
		"too wide":          {change: func(c *db.Component) { c.Width = 700 }, x: 0, y: 200.13, w: 595.28, h: 119, clamped: true},
		"too small":         {change: func(c *db.Component) { c.Height = 0 }, x: 100, y: 200.13, w: 119, h: 8, clamped: true},
		"the other page":    {change: func(c *db.Component) { c.Page, c.X = 2, 700 }, x: 700, y: 200.13, w: 119, h: 119},
		"no such page":      {change: func(c *db.Component) { c.Page = 3 }, rule: "page"},
		"page zero":         {change: func(c *db.Component) { c.Page = 0 }, rule: "page"},
		"no such file":      {change: func(c *db.Component) { c.FileIndex = 1 }, rule: "file"},
		"no such approver":  {change: func(c *db.Component) { c.Approver = "b" }, rule: "approver"},
		"no such type":      {change: func(c *db.Component) { c.Type = "SIGN_IMAGE" }, rule: "type"},
		"not a number":      {change: func(c *db.Component) { c.X = math.NaN() }, rule: "number"},
		"an id with spaces": {change: func(c *db.Component) { c.ID = "a b" }, rule: "id"},
	} {
		t.Run(name, func(t *testing.T) {
			placed, clamped, wrong := Place([]db.Component{component(test.change)}, files, people)
			if test.rule != "" {
				if len(wrong) != 1 || wrong[0].Rule != test.rule {
					t.Fatalf("got %v, want rule %s", wrong, test.rule)
				}
				return
			}
			if len(wrong) > 0 {
				t.Fatal(wrong)
			}
			got := []float64{placed[0].X, placed[0].Y, placed[0].Width, placed[0].Height}
			if want := []float64{test.x, test.y, test.w, test.h}; !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if (len(clamped) > 0) != test.clamped {
				t.Errorf("reported as moved: %v, want %v", clamped, test.clamped)
			}
		})
	}
	twice := []db.Component{component(func(*db.Component) {}), component(func(*db.Component) {})}
	if _, _, wrong := Place(twice, files, people); len(wrong) != 1 || wrong[0].Rule != "duplicate" {
		t.Errorf("the same id twice: got %v", wrong)
	}
}
