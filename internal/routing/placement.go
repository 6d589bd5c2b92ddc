package routing

import (
	"fmt"
	"math"
	"regexp"
	"slices"

	"sealdesk/internal/db"
)

// The bounds of a component, in points. 119 × 119 is a seal of 42 mm.
const (
	minSide       = 8
	maxComponents = 2000
	maxEach       = 1000 // of one approver: what the platform takes in one call
	maxValueRunes = 2000
	maxNameRunes  = 100
)

var types = []string{db.SignSeal, db.SignSignature, db.SignDate, db.FillText, db.FillDate, db.FillSelect}

var componentID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// PlacementError says what is wrong with one component; Rule is a key below builder.error.
type PlacementError struct {
	ID   string
	Rule string
}

func (e PlacementError) Error() string { return fmt.Sprintf("component %s: %s", e.ID, e.Rule) }

// Place checks the components of a draft against its files and approvers and moves what lies off its page back onto it. It returns
// the components to keep and the ids of those that it moved or shrank. With any error nothing is to be kept.
func Place(components []db.Component, files []db.File, approvers []db.DraftApprover) (placed []db.Component, clamped []string, wrong []PlacementError) {
	if len(components) > maxComponents {
		return nil, nil, []PlacementError{{Rule: "too_many"}}
	}
	people := map[string]bool{}
	for _, a := range approvers {
		people[a.ID] = true
	}
	seen, each := map[string]bool{}, map[string]int{}
	placed = make([]db.Component, 0, len(components))
	for _, c := range components {
		rule := check(c, files, people)
		each[c.Approver]++
		switch {
		case rule == "" && seen[c.ID]:
			rule = "duplicate"
		case rule == "" && each[c.Approver] > maxEach:
			rule = "too_many"
		}
		if rule != "" {
			wrong = append(wrong, PlacementError{ID: c.ID, Rule: rule})
			continue
		}
		seen[c.ID] = true
		on := clamp(c, files[c.FileIndex].Pages[c.Page-1])
		if math.Abs(on.X-c.X) > 0.01 || math.Abs(on.Y-c.Y) > 0.01 || math.Abs(on.Width-c.Width) > 0.01 || math.Abs(on.Height-c.Height) > 0.01 {
			clamped = append(clamped, c.ID)
			on.Mode, on.Anchor, on.Rule = db.PlaceByPoint, "", "" // it no longer stands where its anchor is
		}
		placed = append(placed, on)
	}
	return placed, clamped, wrong
}

func check(c db.Component, files []db.File, people map[string]bool) (rule string) {
	switch {
	case !componentID.MatchString(c.ID):
		return "id"
	case !slices.Contains(types, c.Type):
		return "type"
	case !people[c.Approver]:
		return "approver"
	case c.FileIndex < 0 || c.FileIndex >= len(files):
		return "file"
	case c.Page < 1 || c.Page > len(files[c.FileIndex].Pages):
		return "page"
	case !finite(c.X, c.Y, c.Width, c.Height):
		return "number"
	case len([]rune(c.Value)) > maxValueRunes || len([]rune(c.Name)) > maxNameRunes:
		return "too_long"
	case !validAnchor(c):
		return "anchor"
	}
	return checkStyle(c)
}

func finite(all ...float64) bool {
	for _, v := range all {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// clamp keeps a component on its page, at hundredths of a point. Sizes are cut before positions, so that the result always fits.
func clamp(c db.Component, page db.PageSize) db.Component {
	c.Width = side(c.Width, page.Width)
	c.Height = side(c.Height, page.Height)
	c.X = position(c.X, page.Width-c.Width)
	c.Y = position(c.Y, page.Height-c.Height)
	return c
}

func side(v, limit float64) float64 {
	return math.Min(math.Max(hundredths(v), minSide), math.Floor(limit*100)/100)
}

func position(v, limit float64) float64 {
	return math.Max(0, math.Min(hundredths(v), math.Floor(limit*100+1e-6)/100))
}

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }
