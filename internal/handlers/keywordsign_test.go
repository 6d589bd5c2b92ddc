package handlers

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/pdf"
)

// A seal that is placed at a keyword stands in the signed file where the rule says, found again in that file by what can be seen: the
// keyword's own place, and the only pixels that became red.
func TestASealAtAKeywordLandsThereInTheSignedFile(t *testing.T) {
	p := startPortal(t)
	p.background()
	a := p.side(0)
	admin := p.as(auth.Admin)
	draft := admin.draft("买卖合同", a, a)
	state := admin.builder(draft)
	found := admin.places(draft, url.Values{"keyword": {"第12条"}, "alone": {"true"}})
	if len(found) != 1 {
		t.Fatalf("found %+v", found)
	}
	const size, right, down = 119.0, 36.0, 14.0
	rule, err := json.Marshal(map[string]any{"KeywordIndexes": []int{found[0].Index}, "RelativeLocation": "Right", "OffsetX": right, "OffsetY": down})
	if err != nil {
		t.Fatal(err)
	}
	admin.save(draft, state.revision, db.Component{ID: "seal", Type: db.SignSeal, Approver: state.Approvers[0].ID, Page: found[0].Page, X: 300, Y: 300, Width: size, Height: size,
		Required: true, Mode: db.PlaceByKeyword, Anchor: found[0].Keyword, Rule: string(rule)}).wantStatus(http.StatusOK)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("it is sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	before := []byte(admin.get(flow + "/files/0/download").wantStatus(http.StatusOK).body)
	p.sign(flow, 0)
	p.until("it is signed", func() bool { return p.flow(flow).State == db.FlowSigned })
	after := []byte(admin.get(flow + "/files/0/download").wantStatus(http.StatusOK).body)
	if report, err := pdf.Verify(after, p.engine.Roots()); err != nil || !report.OK || len(report.Signatures) != 1 {
		t.Fatalf("the signed file does not verify: %+v, %v", report, err)
	}

	_, renderer := drawing()
	hits, err := renderer.Find(t.Context(), after, strings.Trim(found[0].Keyword, "^"))
	if err != nil || len(hits) != 1 {
		t.Fatalf("the keyword stands at %v in the signed file, %v", hits, err)
	}
	wantX, wantY := hits[0].X+hits[0].Width+right+size/2, hits[0].Y+hits[0].Height/2+down
	if red := reddened(t, renderer, before, hits[0].Page); !red.Empty() {
		t.Fatalf("something is red already: %v", red)
	}
	stamped := reddened(t, renderer, after, hits[0].Page)
	gotX, gotY := float64(stamped.Min.X+stamped.Max.X)/4, float64(stamped.Min.Y+stamped.Max.Y)/4
	if math.Abs(gotX-wantX) > 2 || math.Abs(gotY-wantY) > 2 || math.Abs(float64(stamped.Dx())/2-size) > 4 {
		t.Errorf("the seal's centre is at %.1f, %.1f, not %.1f, %.1f (%v at 144 dpi)", gotX, gotY, wantX, wantY, stamped)
	}
}

// reddened is the smallest box around the red pixels of a page, at 144 dpi.
func reddened(t *testing.T, renderer *pdf.Renderer, file []byte, page int) (box image.Rectangle) {
	t.Helper()
	data, err := renderer.PageImage(t.Context(), file, page, 144)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			if r, g, b, _ := picture.At(x, y).RGBA(); r > g+0x5000 && r > b+0x5000 {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}
