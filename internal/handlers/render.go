package handlers

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"

	"github.com/a-h/templ"
)

// page is the frame of a page. Title is a catalogue key with its arguments, or TitleText where the title is an object's own name.
type page struct {
	Title     string
	TitleArgs []any
	TitleText string
	Active    string // key of the navigation entry, see templates.NavKeys
	Back      *templates.Link
	Action    templ.Component
	Badge     templ.Component
	Scripts   []string // further bundles
	Wide      bool
}

// navPermissions says what one needs for each entry of the navigation; what is missing here is shown to nobody.
func navPermissions() map[string]auth.Permission {
	return map[string]auth.Permission{
		"dashboard":     auth.OverviewRead,
		"flows":         auth.FlowsRead,
		"drafts":        auth.FlowsWrite,
		"templates":     auth.FlowsWrite,
		"bulk":          auth.FlowsWrite,
		"signings":      auth.SignedIn,
		"approvals":     auth.ApprovalsDecide,
		"files":         auth.FilesRead,
		"organizations": auth.OrganizationsRead,
		"users":         auth.UsersRead,
		"seals":         auth.SealsRead,
		"identity":      auth.IdentityCheck,
		"catalogs":      auth.FlowsRead,
		"verify":        auth.ContractsRead,
		"audit":         auth.AuditRead,
		"evidence":      auth.AuditRead,
		"accounts":      auth.AccountsManage,
		"requests":      auth.RequestsRead,
		"calls":         auth.CallsMake,
		"settings":      auth.SettingsRead,
	}
}

func navFor(a db.Account) []string {
	needs := navPermissions()
	keys := []string{}
	for _, key := range templates.NavKeys() {
		if need, ok := needs[key]; ok && may(a, need) {
			keys = append(keys, key)
		}
	}
	return keys
}

// render answers with a whole page: content in the portal's frame.
func (s *server) render(w http.ResponseWriter, r *http.Request, status int, p page, content templ.Component) error {
	flash, err := s.takeFlash(w, r)
	if err != nil {
		return err
	}
	return s.frame(w, r, status, p, flash, content)
}

// frame is render without looking for a message left by the page before.
func (s *server) frame(w http.ResponseWriter, r *http.Request, status int, p page, flash *templates.Flash, content templ.Component) error {
	ctx := r.Context()
	var err error
	data := templates.PageData{
		Title: p.TitleText, Active: p.Active, Path: here(r), Theme: templates.ThemeOf(r), Back: p.Back, Action: p.Action, Badge: p.Badge,
		Scripts: p.Scripts, Wide: p.Wide, Nav: []string{}, Flash: flash, Simulated: s.simulated,
	}
	if p.Title != "" {
		data.Title = i18n.T(ctx, p.Title, p.TitleArgs...)
	}
	if x := exchangeOf(ctx); x.account != nil {
		data.Account = &templates.Account{Name: x.account.DisplayName, Role: string(x.account.Role)}
		data.Nav = slices.DeleteFunc(navFor(*x.account), func(key string) bool { return key == "evidence" && s.evidence == nil })
		if can(ctx, auth.AuditRead) {
			data.Broken = s.brokenLogs(ctx)
		}
		if data.Unseen, err = s.db.UnseenNotices(ctx, x.account.ID); err != nil {
			return err
		}
		data.Alarms = s.alarms(ctx)
	}
	return s.fragment(w, r, status, templates.Page(data, content))
}

// renderForm answers a form that cannot be taken: the form alone for htmx, the whole page without JavaScript; always 422.
func (s *server) renderForm(w http.ResponseWriter, r *http.Request, p page, form templ.Component) error {
	if isPartial(r) {
		return s.fragment(w, r, http.StatusUnprocessableEntity, form)
	}
	return s.render(w, r, http.StatusUnprocessableEntity, p, form)
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// fragment answers with a component as it is. It is rendered before the first byte is written, so that an error is still a whole answer.
func (s *server) fragment(w http.ResponseWriter, r *http.Request, status int, content templ.Component) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := content.Render(r.Context(), b); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return disconnected(err)
}

// isPartial tells that htmx wants a part of a page: a boosted link or form wants all of it.
func isPartial(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-Boosted") != "true" && r.Header.Get("HX-History-Restore-Request") != "true"
}

// redirect goes to a path of the portal after a change. fetch follows a 303 by itself and would put the page into the form, so that htmx
// gets a header instead.
func (s *server) redirect(w http.ResponseWriter, r *http.Request, path string) error {
	if err := s.keepFlash(w, r); err != nil {
		return err
	}
	if isPartial(r) {
		w.Header().Set("HX-Redirect", path)
		w.WriteHeader(http.StatusOK)
		return nil
	}
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// here is the path that shows this page again by GET: after a form was refused, the page of the form.
func here(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	if u, err := url.Parse(r.Header.Get("Referer")); err == nil && u.Host == r.Host && strings.HasPrefix(u.Path, "/") {
		return u.RequestURI()
	}
	return "/"
}

// localPath is a path of this portal to go back to, "/" for anything that a browser could read as another host.
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

// parseForm fills an api request, or another struct with json tags, from the query or the body of r.
func parseForm(r *http.Request, dst any) error {
	if err := readForm(r); err != nil {
		return err
	}
	if err := api.ParseForm(dst, r.Form); err != nil {
		return fmt.Errorf("parse form: %w", err)
	}
	return nil
}

// readForm parses the query and the body into r.Form, files into memory up to 8 MB and onto the disk beyond.
func readForm(r *http.Request) error {
	var err error
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		err = r.ParseMultipartForm(8 << 20)
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		return &badRequest{fmt.Errorf("read form: %w", err)}
	}
	return nil
}

// limits is the page of a list that the query asks for.
func limits(r *http.Request) db.Page { return db.Page{After: r.URL.Query().Get("after")} }

// paging makes the links of a list: the same query at the next position, and without one.
func paging(r *http.Request, next string) templates.Paging {
	link := func(after string) string {
		q := r.URL.Query()
		q.Del("after")
		if after != "" {
			q.Set("after", after)
		}
		if len(q) == 0 {
			return r.URL.Path
		}
		return r.URL.Path + "?" + q.Encode()
	}
	var p templates.Paging
	if next != "" {
		p.Next = link(next)
	}
	if r.URL.Query().Get("after") != "" {
		p.First = link("")
	}
	return p
}
