package templates

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/i18n"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
)

// render gives a component as a document to ask.
func render(t *testing.T, lang string, c templ.Component) *goquery.Document {
	t.Helper()
	var page bytes.Buffer
	if err := c.Render(i18n.WithLanguage(context.Background(), lang), &page); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(&page)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestPage(t *testing.T) {
	data := PageData{Title: "T", Active: "seals", Account: &Account{Name: "N", Role: "business"}, Nav: []string{"dashboard", "seals"}, Path: "/seals?q=1"}
	doc := render(t, i18n.English, Page(data, Badge("ok", "B")))
	if got := doc.Find("html").AttrOr("lang", ""); got != "en" {
		t.Errorf("lang = %q", got)
	}
	var links []string
	doc.Find(".sidebar-links a").Each(func(_ int, a *goquery.Selection) { links = append(links, a.AttrOr("href", "")) })
	if want := []string{"/", "/seals"}; !slices.Equal(links, want) {
		t.Errorf("navigation = %v, want %v", links, want)
	}
	if got := doc.Find(`[aria-current="page"]`).AttrOr("href", ""); got != "/seals" {
		t.Errorf("the current entry is %q", got)
	}
	if got := doc.Find(`input[name="return"]`).AttrOr("value", ""); got != "/seals?q=1" {
		t.Errorf("the switches come back to %q", got)
	}
	if got := doc.Find(".whoami-name").Text(); !strings.Contains(got, "N") || !strings.Contains(got, "Business user") {
		t.Errorf("who is logged in: %q", got)
	}
	if doc.Find("main#main h1").Length() != 1 || doc.Find("main .badge-ok").Length() != 1 {
		t.Error("the title or the contents are missing")
	}
}

func TestPageWithoutAccountHasNoNavigation(t *testing.T) {
	doc := render(t, i18n.Chinese, Page(PageData{Title: "T", Flash: &Flash{Kind: "danger", Text: "F"}}, Badge("ok", "B")))
	if doc.Find("nav, .sidebar, form[action='/logout']").Length() != 0 {
		t.Error("somebody who is not logged in sees the navigation")
	}
	if doc.Find(".notice-danger[role='alert']").Length() != 1 {
		t.Error("the flash is missing")
	}
}

func TestFormTellsItsProblems(t *testing.T) {
	invalid := fmt.Errorf("call: %w", &api.ValidationError{Fields: []api.FieldError{{Field: "SealName", Rule: "max", Param: "30"}}})
	problems := ProblemsOf(invalid)
	ctx := i18n.WithLanguage(context.Background(), i18n.English)
	doc := render(t, i18n.English, TextInput(Input{Name: "SealName", Label: "L", Value: "<v>", Hint: "H", Required: true, Problem: problems.Of(ctx, "SealName")}))
	input := doc.Find("input")
	if input.AttrOr("value", "") != "<v>" || input.AttrOr("aria-invalid", "") != "true" {
		t.Errorf("the value or its state is lost: %v", input.Nodes)
	}
	for id := range strings.FieldsSeq(input.AttrOr("aria-describedby", "")) {
		if doc.Find("#"+id).Length() != 1 {
			t.Errorf("nothing has the id %s that the field names", id)
		}
	}
	if got := doc.Find(".problem").Text(); !strings.Contains(got, "At most 30") {
		t.Errorf("problem = %q", got)
	}
	if doc.Find("label").AttrOr("for", "") != input.AttrOr("id", "-") {
		t.Error("the label is not the field's")
	}
	if ProblemsOf(context.Canceled) != nil {
		t.Error("another error has problems")
	}
}

func TestServePreferences(t *testing.T) {
	for _, test := range []struct{ form, cookie, location string }{
		{"language=en&return=/seals", i18n.CookieName + "=en", "/seals"},
		{"theme=dark&return=/a?b=c", ThemeCookie + "=dark", "/a?b=c"},
		{"language=xx&return=/", "", "/"},
		{"theme=dark&return=//evil.example", ThemeCookie + "=dark", "/"},
		{`theme=dark&return=/\evil.example`, ThemeCookie + "=dark", "/"},
		{"theme=dark&return=https://evil.example", ThemeCookie + "=dark", "/"},
	} {
		values, err := url.ParseQuery(test.form)
		if err != nil {
			t.Fatal(err)
		}
		request := httptest.NewRequest(http.MethodPost, "/preferences", strings.NewReader(values.Encode()))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		ServePreferences(answer, request)
		if got := answer.Header().Get("Location"); answer.Code != http.StatusSeeOther || got != test.location {
			t.Errorf("%s: %d to %q, want 303 to %q", test.form, answer.Code, got, test.location)
		}
		if got := answer.Header().Get("Set-Cookie"); !strings.HasPrefix(got, test.cookie) || (test.cookie == "" && got != "") {
			t.Errorf("%s: cookie %q", test.form, got)
		}
	}
}

func TestToastHeaderIsASCII(t *testing.T) {
	header := ToastHeader("ok", "\u5df2\u4fdd\u5b58 \U0001F600")
	for _, r := range header {
		if r > 0x7e || r < 0x20 {
			t.Fatalf("%q is no header", header)
		}
	}
	var event struct{ Toast Flash }
	if err := json.Unmarshal([]byte(header), &event); err != nil || event.Toast.Text != "\u5df2\u4fdd\u5b58 \U0001F600" {
		t.Errorf("%q reads back as %+v, %v", header, event, err)
	}
}

func TestTime(t *testing.T) {
	at := time.Date(2026, 11, 23, 20, 5, 9, 0, time.UTC)
	doc := render(t, i18n.Chinese, Time(at))
	element := doc.Find("time")
	if element.Text() != "2026-11-24 04:05" || element.AttrOr("title", "") != "2026-11-24 04:05:09 UTC+08:00" || element.AttrOr("datetime", "") != "2026-11-23T20:05:09Z" {
		t.Errorf("time = %q, title %q", element.Text(), element.AttrOr("title", ""))
	}
	if render(t, i18n.Chinese, Time(time.Time{})).Find("time").Length() != 0 {
		t.Error("the zero time is shown")
	}
}

func TestCanvasCarriesItsData(t *testing.T) {
	doc := render(t, i18n.English, Canvas(CanvasData{DraftID: "7", SaveURL: "/drafts/7/components", Revision: 3,
		Files: []CanvasFile{{Index: 0, Name: "a.pdf", Pages: []CanvasPage{{Number: 1, Width: 595.28, Height: 841.89, Image: "/p1"}}}}}))
	builder := doc.Find("#builder")
	if builder.AttrOr("data-revision", "") != "3" || builder.AttrOr("data-save", "") != "/drafts/7/components" {
		t.Error("the builder does not know where to save")
	}
	if image := doc.Find("#builder-pages .page img"); image.AttrOr("width", "") != "794" || image.AttrOr("height", "") != "1123" {
		t.Errorf("the page's picture is %s by %s", image.AttrOr("width", ""), image.AttrOr("height", ""))
	}
	var data struct {
		Approvers  []CanvasApprover
		Components []CanvasComponent
		Texts      map[string]string
	}
	if err := json.Unmarshal([]byte(doc.Find("#builder-data").Text()), &data); err != nil {
		t.Fatal(err)
	}
	if data.Approvers == nil || data.Components == nil || data.Texts["SIGN_SEAL"] != "Seal" {
		t.Errorf("data = %+v", data)
	}
}

func TestEveryIconHasOutlines(t *testing.T) {
	names := make(map[string]bool)
	for _, group := range navigation() {
		for _, entry := range group.entries {
			names[entry.icon] = true
		}
	}
	for _, group := range append(canvasTools(), canvasPalette()) {
		for _, tool := range group {
			names[tool.icon] = true
		}
	}
	for path, source := range sources(t) {
		for _, pattern := range []string{`@Icon("`, `Icon: "`} {
			for _, rest := range strings.Split(source, pattern)[1:] {
				name, _, _ := strings.Cut(rest, `"`)
				if len(iconPaths[name]) == 0 {
					t.Errorf("%s: no icon is called %q", path, name)
				}
			}
		}
	}
	for name := range names {
		if len(iconPaths[name]) == 0 {
			t.Errorf("no icon is called %q", name)
		}
	}
}

// Enter presses the first button of a form. It must be one that sends the form, not one that takes something out of it or asks for a code.
func TestEnterSendsAForm(t *testing.T) {
	files := []DraftFile{{ID: "f", Name: "a.pdf"}}
	for name, page := range map[string]templ.Component{
		"a draft":      DraftFormPage(DraftForm{ID: "d", Files: files}),
		"a template":   TemplateFormPage(TemplateForm{ID: "t", Files: files}),
		"copies":       draftCopies(DraftPeople{ID: "d", Copies: []DraftReader{{ID: "c", Name: "N"}}}),
		"a signature":  signForm(SignForm{Sign: "/sign", Code: "/code", NeedsCode: true}),
		"a face check": signForm(SignForm{Sign: "/sign", Checks: []SignCheck{{Channel: "FACEID", Address: "/check"}}}),
	} {
		first := render(t, i18n.English, page).Find("form").First().Find("button[type=submit]").First()
		if first.Length() == 0 || first.AttrOr("name", "")+first.AttrOr("formaction", "") != "" {
			html, _ := goquery.OuterHtml(first)
			t.Errorf("%s: Enter presses %s", name, html)
		}
	}
}
