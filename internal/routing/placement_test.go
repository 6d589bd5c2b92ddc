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
		"a choice":          {change: func(c *db.Component) { c.Type, c.Value, c.Extra = db.FillSelect, "a", `{"Values":["a","b"]}` }, x: 100, y: 200.13, w: 119, h: 119},
		"no such choice":    {change: func(c *db.Component) { c.Type, c.Value, c.Extra = db.FillSelect, "c", `{"Values":["a","b"]}` }, rule: "choice"},
		"huge letters":      {change: func(c *db.Component) { c.Extra = `{"FontSize":73}` }, rule: "font_size"},
		"no such colour":    {change: func(c *db.Component) { c.Extra = `{"FontColor":"256,0,0"}` }, rule: "extra"},
		"a style in words":  {change: func(c *db.Component) { c.Extra = "bold" }, rule: "extra"},
		"a keyword":         {change: func(c *db.Component) { c.Mode, c.Anchor, c.Rule = 3, "甲方", `{"KeywordIndexes":[1]}` }, x: 100, y: 200.13, w: 119, h: 119},
		"a keyword's rule":  {change: func(c *db.Component) { c.Mode, c.Anchor, c.Rule = 3, "甲方", `{"KeywordIndexes":[]}` }, rule: "anchor"},
		"no keyword":        {change: func(c *db.Component) { c.Mode, c.Anchor, c.Rule = 3, "^ ^", `{"KeywordIndexes":[1]}` }, rule: "anchor"},
		"a field":           {change: func(c *db.Component) { c.Mode, c.Anchor = 1, "buyer.name" }, x: 100, y: 200.13, w: 119, h: 119},
		"no such mode":      {change: func(c *db.Component) { c.Mode, c.Anchor = 2, "html" }, rule: "anchor"},
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

func TestPlacesOfAKeywordBecomeOneComponent(t *testing.T) {
	keyword := func(id, rule string) db.Component {
		return db.Component{ID: id, Type: db.SignSeal, Approver: "a", Page: 1, Width: 119, Height: 119, Mode: db.PlaceByKeyword, Anchor: "甲方", Rule: rule}
	}
	field := db.Component{ID: "f", Type: db.FillText, Approver: "a", Page: 1, Width: 90, Height: 20, Mode: db.PlaceByField, Anchor: "buyer"}
	all := []db.Component{keyword("k0", `{"KeywordIndexes":[0],"OffsetX":5}`), field, keyword("k2", `{"OffsetX":5,"KeywordIndexes":[2]}`)}
	sent := components(all, "a")
	if len(sent) != 2 || sent[0].ComponentId != "甲方" || sent[0].GenerateMode != 3 || sent[0].GenerateExtra != `{"KeywordIndexes":[0,2],"OffsetX":5}` ||
		sent[1].ComponentId != "f" || sent[1].ComponentName != "buyer" || sent[1].GenerateMode != 1 {
		t.Errorf("sent %+v", sent)
	}
	if c, ok := repeated(all, "a"); ok {
		t.Errorf("%s counts as repeated", c.ID)
	}
	if c, ok := repeated(append(all, keyword("k3", `{"KeywordIndexes":[3],"OffsetX":6}`)), "a"); !ok || c.ID != "k3" {
		t.Errorf("another offset: %+v, %v", c, ok)
	}
}
