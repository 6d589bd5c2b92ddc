package templates

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf16"

	"sealdesk/internal/i18n"

	"github.com/a-h/templ"
)

// ThemeCookie is the cookie that keeps the reader's choice of theme.
const ThemeCookie = "sealdesk_theme"

// The themes; ThemeAuto follows the reader's system.
const (
	ThemeAuto  = "auto"
	ThemeLight = "light"
	ThemeDark  = "dark"
)

// Account is who is logged in; Role is admin, business or compliance.
type Account struct {
	Name string
	Role string
}

// Flash is a message about what has just been done; Kind is ok, info, wait or danger.
type Flash struct {
	Kind string
	Text string
}

// Link is a place to go; Icon may be empty.
type Link struct {
	URL  string
	Text string
	Icon string
}

// PageData is what the portal's frame needs. Texts are already in the reader's language.
type PageData struct {
	Title   string
	Active  string          // key of the navigation entry that the page belongs to
	Account *Account        // nil: nobody is logged in; the page is then a narrow card without navigation
	Nav     []string        // keys of the entries to show; nil shows all
	Path    string          // path and query of this page, where the switches come back to
	Theme   string          // see ThemeOf
	Flash   *Flash          // message after a redirect
	Back    *Link           // one level up, above the title
	Action  templ.Component // the page's main action, right of the title
	Scripts []string        // further bundles, such as "builder.js"
	Unseen  int             // new notices, for the bell
	Wide    bool            // use the whole width (builder)
	Badge   templ.Component // state, right beside the title

	Simulated bool     // the platform's world may be bent, and the page says so
	Broken    []string // which audit logs are broken, and how; for those who may read them
	Alarms    []string // what somebody must look into, above everything else
}

// SignData is what the frame of a signer's page needs.
type SignData struct {
	Title   string
	Path    string
	Theme   string
	Scripts []string
	Wide    bool
	Private bool // keep the page out of search engines and referrers

	Simulated bool // the world behind the page may be bent, and the page says so
}

// navEntry is an entry of the main navigation; its text is the key "nav." + key.
type navEntry struct{ key, url, icon string }

// navGroup is a titled part of the navigation; a group whose key is empty has no title.
type navGroup struct {
	key     string
	entries []navEntry
}

func navigation() []navGroup {
	return []navGroup{
		{"", []navEntry{{"dashboard", "/", "home"}}},
		{"contracts", []navEntry{{"flows", "/flows", "contract"}, {"drafts", "/drafts", "draft"}, {"signings", "/signings", "edit"}, {"approvals", "/approvals", "check-circle"}, {"templates", "/templates", "duplicate"}, {"bulk", "/bulk", "send"}, {"files", "/files", "files"}, {"catalogs", "/catalogs", "folder"}}},
		{"directory", []navEntry{{"organizations", "/organizations", "building"}, {"users", "/users", "users"}, {"seals", "/seals", "seal"}, {"identity", "/identity", "identity"}}},
		{"compliance", []navEntry{{"verify", "/verify", "check-circle"}, {"audit", "/audit", "audit"}, {"evidence", "/evidence", "history"}}},
		{"system", []navEntry{{"accounts", "/accounts", "key"}, {"requests", "/requests", "history"}, {"calls", "/calls", "external"}, {"settings", "/settings", "settings"}}},
	}
}

// NavKeys lists the keys of all navigation entries in their order.
func NavKeys() []string {
	var keys []string
	for _, group := range navigation() {
		for _, entry := range group.entries {
			keys = append(keys, entry.key)
		}
	}
	return keys
}

// shownNavigation leaves out what the account may not open, and groups that this empties.
func (p PageData) shownNavigation() []navGroup {
	if p.Nav == nil {
		return navigation()
	}
	allowed := make(map[string]bool, len(p.Nav))
	for _, key := range p.Nav {
		allowed[key] = true
	}
	var groups []navGroup
	for _, group := range navigation() {
		var entries []navEntry
		for _, entry := range group.entries {
			if allowed[entry.key] {
				entries = append(entries, entry)
			}
		}
		if len(entries) > 0 {
			groups = append(groups, navGroup{group.key, entries})
		}
	}
	return groups
}

// t is the text of key in the language of ctx; see i18n.T.
func t(ctx context.Context, key string, args ...any) string { return i18n.T(ctx, key, args...) }

// htmxConfig is the content of htmx's meta element: only 2xx and 422 swap, nothing is styled or evaluated inline. Without a delay to settle, htmx does
// not copy the style attribute of an element to the one with its id on the next page, which the content policy forbids.
func htmxConfig() string {
	return `{"noSwap":[204,304,"4xx","5xx"],"includeIndicatorCSS":false,"transitions":false,"defaultSettleDelay":0,"sse":{"reconnect":true,"pauseOnBackground":true}}`
}

// ThemeOf is the theme that the request's cookie asks for.
func ThemeOf(r *http.Request) string {
	if cookie, err := r.Cookie(ThemeCookie); err == nil && (cookie.Value == ThemeLight || cookie.Value == ThemeDark) {
		return cookie.Value
	}
	return ThemeAuto
}

// LanguageOf is the language that the request asks for by its cookie or its Accept-Language header.
func LanguageOf(r *http.Request) string {
	value := ""
	if cookie, err := r.Cookie(i18n.CookieName); err == nil {
		value = cookie.Value
	}
	return i18n.Match(value, r.Header.Get("Accept-Language"))
}

// ServePreferences keeps the form value "language" or "theme" in a cookie and goes back to the local path in "return". Both servers
// mount it at POST /preferences.
func ServePreferences(w http.ResponseWriter, r *http.Request) {
	keep := func(name, value string) {
		http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true,
			Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode})
	}
	switch lang := r.PostFormValue("language"); lang {
	case i18n.Chinese, i18n.English:
		keep(i18n.CookieName, lang)
	}
	switch theme := r.PostFormValue("theme"); theme {
	case ThemeAuto, ThemeLight, ThemeDark:
		keep(ThemeCookie, theme)
	}
	http.Redirect(w, r, localPath(r.PostFormValue("return")), http.StatusSeeOther)
}

// localPath refuses addresses that a browser would read as another host ("//x", "/\x").
func localPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") {
		return "/"
	}
	return path
}

// ToastHeader is the value of an HX-Trigger header that shows a toast; Kind as in Flash. JSON escapes keep it ASCII.
func ToastHeader(kind, text string) string {
	value, err := json.Marshal(map[string]Flash{"toast": {kind, text}})
	if err != nil { // Two strings always marshal.
		return ""
	}
	var ascii []byte
	for _, unit := range utf16.Encode([]rune(string(value))) {
		if unit < 0x80 {
			ascii = append(ascii, byte(unit))
		} else {
			ascii = fmt.Appendf(ascii, `\u%04x`, unit)
		}
	}
	return string(ascii)
}
