package routing

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
)

// The bounds of a style: what the platform draws with.
const (
	minFont, maxFont = 6, 72 // points
	maxExtraRunes    = 2000
	maxAnchorRunes   = 100
)

// style is what ComponentExtra may say that the portal knows of; other keys pass as they are.
type style struct {
	FontSize  *float64
	FontAlign string
	FontColor string
	Format    string
	Opacity   *float64
	Values    []string
}

var fontColor = regexp.MustCompile(`^(25[0-5]|2[0-4]\d|1?\d?\d)(, ?(25[0-5]|2[0-4]\d|1?\d?\d)){2}$`)

// checkStyle gives the rule that the style of a component breaks, or its choice.
func checkStyle(c db.Component) (rule string) {
	var s style
	if c.Extra != "" {
		if len([]rune(c.Extra)) > maxExtraRunes || json.Unmarshal([]byte(c.Extra), &s) != nil || !strings.HasPrefix(c.Extra, "{") {
			return "extra"
		}
	}
	switch {
	case s.FontSize != nil && (*s.FontSize < minFont || *s.FontSize > maxFont):
		return "font_size"
	case s.FontAlign != "" && !slices.Contains([]string{"Left", "Center", "Right"}, s.FontAlign),
		s.FontColor != "" && !fontColor.MatchString(s.FontColor),
		s.Opacity != nil && (*s.Opacity < 0 || *s.Opacity > 1):
		return "extra"
	case strings.HasPrefix(c.Value, sealKind) && c.Signs() && (c.Type != db.SignSeal || !slices.Contains(api.OrganizationSealTypes(), c.Value[len(sealKind):])):
		return "seal_kind"
	case c.Type == db.FillSelect && c.Value != "" && !slices.Contains(c.Choices(), c.Value):
		return "choice"
	}
	return ""
}

// keywordRule is what the portal writes into GenerateExtra. The keys are those of the platform's later version.
type keywordRule struct {
	KeywordIndexes   []int
	RelativeLocation string
	OffsetX, OffsetY float64
}

// validAnchor tells whether a component names what it stands on: exactly one place of a keyword, or a form field.
func validAnchor(c db.Component) bool {
	named := strings.TrimSpace(strings.Trim(c.Anchor, "^")) != "" && len([]rune(c.Anchor)) <= maxAnchorRunes
	switch c.Mode {
	case db.PlaceByPoint:
		return c.Anchor == "" && c.Rule == ""
	case db.PlaceByField:
		return named && c.Rule == ""
	case db.PlaceByKeyword:
		var rule keywordRule
		return named && len(c.Rule) <= maxExtraRunes && json.Unmarshal([]byte(c.Rule), &rule) == nil && len(rule.KeywordIndexes) == 1 &&
			rule.KeywordIndexes[0] >= 0 && math.Abs(rule.OffsetX) < 1e5 && math.Abs(rule.OffsetY) < 1e5 &&
			slices.Contains([]string{"", "Middle", "Below", "Right", "LowerRight", "UpperRight"}, rule.RelativeLocation)
	}
	return false
}

// components gives what one approver fills or signs, in the platform's terms. The platform names a component by its keyword, so that
// those which differ in nothing but the place of one keyword become one component.
func components(all []db.Component, approverID string) []api.Component {
	var out []api.Component
	at := map[api.Component]int{} // in out, by all that components of one keyword share
	places := map[int][]int{}     // of the keyword, by the component in out
	for _, c := range all {
		if c.Approver != approverID {
			continue
		}
		to := api.Component{
			ComponentId: c.ID, ComponentType: c.Type, ComponentName: c.Name, ComponentRequired: c.Required, ComponentValue: c.Value,
			FileIndex: int64(c.FileIndex), ComponentWidth: c.Width, ComponentHeight: c.Height, ComponentExtra: c.Extra, GenerateMode: c.Mode,
		}
		if c.Movable {
			to.SealOperate = 1
		}
		fixKind(&to)
		switch c.Mode {
		case db.PlaceByPoint:
			to.ComponentPage, to.ComponentPosX, to.ComponentPosY = int64(c.Page), c.X, c.Y
		case db.PlaceByField:
			to.ComponentName = c.Anchor
		case db.PlaceByKeyword:
			to.ComponentId = c.Anchor
			rest, place := splitRule(c.Rule)
			to.GenerateExtra = rest
			if first, known := at[to]; known {
				places[first] = append(places[first], place)
				continue
			}
			at[to], places[len(out)] = len(out), []int{place}
		}
		out = append(out, to)
	}
	for i, list := range places {
		out[i].GenerateExtra = joinRule(out[i].GenerateExtra, list)
	}
	return out
}

const keywordIndexes = "KeywordIndexes"

// splitRule takes the one place out of a rule; keys that the portal does not know stay in the rest. Draft rules have been checked.
func splitRule(rule string) (rest string, place int) {
	all := map[string]json.RawMessage{}
	var known keywordRule
	if json.Unmarshal([]byte(rule), &all) != nil || json.Unmarshal([]byte(rule), &known) != nil || len(known.KeywordIndexes) != 1 {
		return rule, 0
	}
	delete(all, keywordIndexes)
	data, err := json.Marshal(all)
	if err != nil {
		return rule, 0
	}
	return string(data), known.KeywordIndexes[0]
}

func joinRule(rest string, places []int) string {
	all := map[string]any{}
	if json.Unmarshal([]byte(rest), &all) != nil {
		return rest
	}
	all[keywordIndexes] = places
	data, err := json.Marshal(all)
	if err != nil {
		return rest
	}
	return string(data)
}
