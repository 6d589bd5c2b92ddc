package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/pdf"
)

// Ways in which a component is placed (essbasic, Component.GenerateMode).
const (
	modeCoordinates = 0
	modeFormField   = 1
	modeHTML        = 2
	modeKeyword     = 3
)

// Where a component lies at its keyword.
const (
	locationMiddle     = "Middle"
	locationBelow      = "Below"
	locationRight      = "Right"
	locationLowerRight = "LowerRight"
	locationUpperRight = "UpperRight"
)

// keywordRule is what GenerateExtra may say. This version documents no keys; these are the successor's.
type keywordRule struct {
	KeywordOrder     string  // Positive (also where it is empty) or Reverse: from the end of the file
	KeywordIndexes   []int   // which of the places in that order, from 0; all where it is empty
	KeywordPage      int     // only there; every page where it is 0
	RelativeLocation string  // Middle where it is empty
	OffsetX, OffsetY float64 // points to the right and down
	// IgnoreKeywordError 1 leaves a component out whose keyword is nowhere.
	IgnoreKeywordError int
}

// locator finds places in the files of one flow. Texts and forms of a file are read once.
type locator struct {
	engine *Engine
	files  []*flowFile
	hits   map[string][]pdf.Hit
	fields map[int][]pdf.FormField
}

// locate finds where each component stands: at its coordinates, on a form field or at the places of a keyword. It reads the
// files, so it runs outside of any transaction.
func (e *Engine) locate(ctx context.Context, list []api.Component, files []*flowFile) ([][]api.Component, error) {
	if len(list) > maxComponents {
		return nil, badValue("SignComponents", "at most %d", maxComponents)
	}
	l := &locator{engine: e, files: files, hits: map[string][]pdf.Hit{}, fields: map[int][]pdf.FormField{}}
	out := make([][]api.Component, len(list))
	for i, c := range list {
		parameter := fmt.Sprintf("SignComponents.%d", i)
		if c.ComponentType == "" {
			return nil, missing(parameter + ".ComponentType")
		}
		if c.FileIndex < 0 || c.FileIndex >= int64(len(files)) {
			return nil, badValue(parameter+".FileIndex", "the flow has %d files, counted from 0", len(files))
		}
		c = withUsualSize(c)
		var err error
		switch c.GenerateMode {
		case modeCoordinates:
			out[i] = []api.Component{c}
		case modeFormField:
			out[i], err = l.onField(ctx, c, parameter)
		case modeKeyword:
			out[i], err = l.atKeyword(ctx, c, parameter)
		default:
			err = badValue(parameter+".GenerateMode", "%d needs a file made from HTML, which the engine does not take", modeHTML)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// withUsualSize gives a component its usual size where it comes without one, except on a form field, which has its own.
func withUsualSize(c api.Component) api.Component {
	if c.GenerateMode == modeFormField {
		return c
	}
	if c.ComponentWidth == 0 {
		c.ComponentWidth = usualBox[c.ComponentType][0]
	}
	if c.ComponentHeight == 0 {
		c.ComponentHeight = usualBox[c.ComponentType][1]
	}
	return c
}

// onField puts a component on the form field that ComponentId names, else ComponentName, wherever the field is shown. A size
// of its own stands in the field's middle.
func (l *locator) onField(ctx context.Context, c api.Component, parameter string) ([]api.Component, error) {
	index := int(c.FileIndex)
	if _, known := l.fields[index]; !known {
		data, err := l.engine.content(ctx, l.files[index].Ref)
		if err != nil {
			return nil, err
		}
		if l.fields[index], err = pdf.FormFields(data); err != nil {
			return nil, markError(parameter, err)
		}
	}
	var out []api.Component
	for _, name := range []string{c.ComponentId, c.ComponentName} {
		for _, f := range l.fields[index] {
			if name == "" || f.Name != name {
				continue
			}
			at := c
			at.ComponentPage = int64(f.Page)
			if at.ComponentWidth == 0 {
				at.ComponentWidth = f.Width
			}
			if at.ComponentHeight == 0 {
				at.ComponentHeight = f.Height
			}
			at.ComponentPosX, at.ComponentPosY = f.X+(f.Width-at.ComponentWidth)/2, f.Y+(f.Height-at.ComponentHeight)/2
			out = append(out, at)
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	return nil, badValue(parameter+".ComponentId", "the file has no form field %q", firstOf(c.ComponentId, c.ComponentName))
}

// atKeyword puts a component at the places of its keyword, which is its ComponentId: ^k^ finds a k that stands alone, k every
// one (essbasic, Component.ComponentId).
func (l *locator) atKeyword(ctx context.Context, c api.Component, parameter string) ([]api.Component, error) {
	var rule keywordRule
	if extra := strings.TrimSpace(c.GenerateExtra); extra != "" {
		if err := json.Unmarshal([]byte(extra), &rule); err != nil {
			return nil, badValue(parameter+".GenerateExtra", "not JSON with the keys of a keyword")
		}
	}
	keyword := c.ComponentId
	alone := len(keyword) > 2 && strings.HasPrefix(keyword, "^") && strings.HasSuffix(keyword, "^")
	if alone {
		keyword = keyword[1 : len(keyword)-1]
	}
	if strings.TrimSpace(keyword) == "" {
		return nil, missing(parameter + ".ComponentId")
	}
	hits, err := l.find(ctx, int(c.FileIndex), keyword)
	if err != nil {
		return nil, err
	}
	hits, err = rule.pick(hits, alone, parameter)
	if err != nil {
		return nil, err
	}
	if len(hits) == 0 && rule.IgnoreKeywordError != 1 {
		return nil, badValue(parameter+".ComponentId", "the file does not have the keyword %q", keyword)
	}
	out := make([]api.Component, len(hits))
	for i, h := range hits {
		out[i] = c
		out[i].ComponentPage = int64(h.Page)
		x, y, ok := rule.at(h, c.ComponentWidth, c.ComponentHeight)
		if !ok {
			return nil, badValue(parameter+".GenerateExtra", "RelativeLocation %q is unknown", rule.RelativeLocation)
		}
		out[i].ComponentPosX, out[i].ComponentPosY = x+rule.OffsetX, y+rule.OffsetY
	}
	return out, nil
}

func (l *locator) find(ctx context.Context, file int, keyword string) ([]pdf.Hit, error) {
	key := fmt.Sprintf("%d %s", file, keyword)
	if hits, known := l.hits[key]; known {
		return hits, nil
	}
	data, err := l.engine.content(ctx, l.files[file].Ref)
	if err != nil {
		return nil, err
	}
	hits, err := l.engine.renderer.Find(ctx, data, keyword)
	if err != nil {
		return nil, fmt.Errorf("look for a keyword: %w", err)
	}
	l.hits[key] = hits
	return hits, nil
}

// pick chooses among the places of a keyword.
func (r keywordRule) pick(hits []pdf.Hit, alone bool, parameter string) ([]pdf.Hit, error) {
	hits = slices.DeleteFunc(slices.Clone(hits), func(h pdf.Hit) bool { return alone && !h.Alone || r.KeywordPage > 0 && h.Page != r.KeywordPage })
	switch r.KeywordOrder {
	case "", "Positive":
	case "Reverse":
		slices.Reverse(hits)
	default:
		return nil, badValue(parameter+".GenerateExtra", "KeywordOrder %q is unknown", r.KeywordOrder)
	}
	if len(r.KeywordIndexes) == 0 {
		return hits, nil
	}
	var out []pdf.Hit
	for _, i := range r.KeywordIndexes {
		switch {
		case i >= 0 && i < len(hits):
			out = append(out, hits[i])
		case r.IgnoreKeywordError != 1:
			return nil, badValue(parameter+".GenerateExtra", "the keyword has %d places, counted from 0: no %d", len(hits), i)
		}
	}
	return out, nil
}

// at is the top left corner of a box at a keyword.
func (r keywordRule) at(h pdf.Hit, width, height float64) (x, y float64, ok bool) {
	centreX, centreY := h.X+h.Width/2-width/2, h.Y+h.Height/2-height/2
	switch r.RelativeLocation {
	case "", locationMiddle:
		return centreX, centreY, true
	case locationBelow:
		return centreX, h.Y + h.Height, true
	case locationRight:
		return h.X + h.Width, centreY, true
	case locationLowerRight:
		return h.X + h.Width, h.Y + h.Height, true
	case locationUpperRight:
		return h.X + h.Width, h.Y - height, true
	default:
		return 0, 0, false
	}
}
