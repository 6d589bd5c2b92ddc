package templates

import (
	"context"
	"math"
	"strconv"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/i18n"

	"github.com/a-h/templ"
)

// CanvasData is a draft as the builder's canvas shows it. Lengths are points (1/72 inch) from the top left of the page as shown.
type CanvasData struct {
	DraftID    string            `json:"-"`
	SaveURL    string            `json:"-"` // PUT {"revision","components"}
	Revision   int64             `json:"-"`
	Raw        bool              `json:"-"` // the platform's JSON may be edited as it is
	Approvers  []CanvasApprover  `json:"approvers"`
	Seals      []Option          `json:"-"` // certain seals of whom the approvers sign for, that the sender may fix
	Files      []CanvasFile      `json:"files"`
	Components []CanvasComponent `json:"components"`
	Texts      map[string]string `json:"texts"` // filled by Canvas
	Side       templ.Component   `json:"-"`     // below the list of components, such as the preflight; may be nil
}

// CanvasApprover is somebody who gets components; Color is 0 to 5.
type CanvasApprover struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Color int    `json:"color"`
}

// CanvasFile is a document of the draft; Index counts from 0.
type CanvasFile struct {
	ID    string       `json:"id"`
	Index int          `json:"index"`
	Name  string       `json:"name"`
	Pages []CanvasPage `json:"pages"`
}

// CanvasPage is a page, its picture's address, and its size in points. Number counts from 1.
type CanvasPage struct {
	Number int     `json:"number"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
	Image  string  `json:"image"`
}

// CanvasComponent is a box on a page. Type is SIGN_SEAL, SIGN_SIGNATURE, SIGN_DATE, TEXT, DATE or SELECT; Approver is the ID of a
// CanvasApprover. Mode, Anchor and Rule are the platform's GenerateMode, what the box stands on, and its GenerateExtra.
type CanvasComponent struct {
	ID        string  `json:"id"`
	Type      string  `json:"type"`
	Approver  string  `json:"approver"`
	FileIndex int     `json:"fileIndex"`
	Page      int     `json:"page"`
	X         float64 `json:"x"`
	Y         float64 `json:"y"`
	Width     float64 `json:"width"`
	Height    float64 `json:"height"`
	Required  bool    `json:"required"`
	Name      string  `json:"name"`
	Value     string  `json:"value"`
	Extra     string  `json:"extra,omitempty"` // the platform's ComponentExtra
	Mode      int64   `json:"mode,omitempty"`
	Anchor    string  `json:"anchor,omitempty"`
	Rule      string  `json:"rule,omitempty"`
	Movable   bool    `json:"movable,omitempty"`
}

// canvasTool is a button of the builder's tool bar; its text is the key "canvas." + command.
type canvasTool struct{ command, icon string }

func canvasTools() [][]canvasTool {
	return [][]canvasTool{
		{{"undo", "undo"}, {"redo", "redo"}},
		{{"zoom-out", "zoom-out"}, {"zoom-in", "zoom-in"}, {"fit", "fit"}},
		{{"duplicate", "duplicate"}, {"every-page", "pages"}, {"delete", "trash"}},
		{{"align-left", "align-left"}, {"align-center", "align-center"}, {"align-right", "align-right"},
			{"align-top", "align-top"}, {"align-middle", "align-middle"}, {"align-bottom", "align-bottom"},
			{"spread-h", "spread-h"}, {"spread-v", "spread-v"}},
	}
}

func canvasPalette() []canvasTool {
	return []canvasTool{{"SIGN_SEAL", "seal"}, {"SIGN_SIGNATURE", "signature"}, {"SIGN_DATE", "calendar"}, {"TEXT", "text"}, {"DATE", "date"}, {"SELECT", "select"}}
}

// withTexts adds the words that the builder's script shows: all of the canvas catalogue, without its prefix.
func (c CanvasData) withTexts(ctx context.Context) CanvasData {
	c.Texts = make(map[string]string)
	for _, key := range i18n.Keys(i18n.Language(ctx)) {
		if name, ok := strings.CutPrefix(key, "canvas."); ok {
			c.Texts[name] = t(ctx, key)
		}
	}
	if c.Approvers == nil {
		c.Approvers = []CanvasApprover{}
	}
	if c.Components == nil {
		c.Components = []CanvasComponent{}
	}
	return c
}

// canvasKey is a line of the builder's list of shortcuts; its text is the key "canvas.key." + text.
type canvasKey struct{ keys, text string }

func canvasKeys() []canvasKey {
	return []canvasKey{{"Enter", "place"}, {"← ↑ → ↓", "move"}, {"Shift + ←", "move10"}, {"Alt + ←", "resize"}, {"Delete", "delete"},
		{"Ctrl + C / V", "copy"}, {"Ctrl + D", "duplicate"}, {"Ctrl + Z / Y", "undo"}, {"Ctrl + A", "all"}, {"Ctrl + ↕", "zoom"}, {"Alt", "nosnap"}, {"Esc", "clear"}}
}

// pixels is a length in points as CSS pixels (96 to the inch), for an image's width and height.
func pixels(points float64) string { return strconv.Itoa(int(math.Round(points * 96 / 72))) }

// canvasTexts are the types that are written.
const canvasTexts = "TEXT DATE SELECT SIGN_DATE"

func canvasTypes(ctx context.Context) (all []Option) {
	for _, kind := range canvasPalette() {
		all = append(all, Option{Value: kind.command, Text: t(ctx, "canvas."+kind.command)})
	}
	return all
}

func (c CanvasData) approverOptions() (all []Option) {
	for _, a := range c.Approvers {
		all = append(all, Option{Value: a.ID, Text: a.Name})
	}
	return all
}

func (c CanvasData) fileOptions() (all []Option) {
	for _, f := range c.Files {
		all = append(all, Option{Value: strconv.Itoa(f.Index), Text: f.Name})
	}
	return all
}

// canvasSeals are what the sender may say about a seal: nothing, one of the platform's words for a default, a kind, or a certain one.
func canvasSeals(ctx context.Context, certain []Option) []Option {
	options := []Option{{Text: t(ctx, "canvas.seal.signer")}, {Value: "SUBORG_DEFAULT_SEAL", Text: t(ctx, "canvas.seal.organization")},
		{Value: "USER_DEFAULT_SEAL", Text: t(ctx, "canvas.seal.person")}}
	for _, kind := range api.OrganizationSealTypes() { // the sender fixes the kind, its keeper chooses the seal
		options = append(options, Option{Value: "KIND:" + kind, Text: t(ctx, "canvas.seal.kind", "Kind", t(ctx, "seals.kind."+kind))})
	}
	for _, seal := range certain {
		options = append(options, Option{Value: seal.Value, Text: t(ctx, "canvas.seal.certain", "Name", seal.Text)})
	}
	return options
}

func canvasAligns(ctx context.Context) []Option {
	return []Option{{Text: t(ctx, "canvas.align.usual")}, {Value: "Left", Text: t(ctx, "canvas.align-left")},
		{Value: "Center", Text: t(ctx, "canvas.align-center")}, {Value: "Right", Text: t(ctx, "canvas.align-right")}}
}

// canvasFormats are patterns of a date by what they give.
func canvasFormats() []Option {
	return []Option{{Text: "2026年1月8日"}, {Value: "yyyy年mm月dd日", Text: "2026年01月08日"}, {Value: "yyyy-mm-dd", Text: "2026-01-08"},
		{Value: "yyyy/mm/dd", Text: "2026/01/08"}, {Value: "yyyy.mm.dd", Text: "2026.01.08"}}
}
