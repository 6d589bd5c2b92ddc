package handlers

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/store"
)

// Every route is asked for objects of another organisation, by accounts that are bound to their own: nothing is shown, nothing changes.
//
// foreigners makes the object of the other organisation for each parameter of a path, under the first part of the path and the parameter's
// name. A route with a parameter that is missing here fails the test: add a line, and where it needs one, a maker to foreignWorld.
var foreigners = map[string]func(*foreignWorld) string{
	"account.id":         (*foreignWorld).session, // of somebody else
	"accounts.id":        (*foreignWorld).account,
	"audit.seq":          constant("1"),
	"audit.id":           (*foreignWorld).checkpoint, // of the portal as a whole
	"evidence.seq":       constant("1"),
	"drafts.approver":    (*foreignWorld).draftApprover,
	"drafts.component":   constant("c0"),
	"drafts.file":        constant("0"), // files of drafts and contracts are numbered
	"drafts.id":          (*foreignWorld).draft,
	"drafts.step":        constant("1"),
	"drafts.page":        constant("1.png"),
	"bulk.id":            (*foreignWorld).batch,
	"calls.action":       constant("DescribeUsers"),
	"catalogs.id":        (*foreignWorld).catalog,
	"choices.kind":       constant("people"),
	"files.id":           (*foreignWorld).file,
	"files.page":         constant("1.png"),
	"flows.approver":     (*foreignWorld).flowApprover,
	"flows.file":         constant("0"),
	"flows.approval":     constant("1"), // what a contract has inside is found through the contract
	"flows.copy":         constant("1"),
	"flows.person":       (*foreignWorld).flowApprover,
	"flows.id":           (*foreignWorld).flow,
	"flows.page":         constant("1.png"),
	"identity.tool":      constant("mobile"),
	"imports.id":         (*foreignWorld).imported,
	"notices.id":         constant("1"), // an account's own: no other one's number opens it
	"organizations.id":   (*foreignWorld).organization,
	"requests.seq":       (*foreignWorld).request,
	"seals.id":           (*foreignWorld).seal,
	"sessions.id":        (*foreignWorld).session,
	"settings.id":        constant("1"), // administrators of everything only
	"signings.flow":      (*foreignWorld).flow,
	"signings.approver":  (*foreignWorld).flowApprover,
	"templates.approver": (*foreignWorld).templateRole,
	"templates.id":       (*foreignWorld).template,
	"users.id":           (*foreignWorld).person,
	"users.organization": (*foreignWorld).organization,
}

// noObjects are parameters that name a kind of something, which belongs to nobody.
var noObjects = []string{"calls.action", "choices.kind", "identity.tool"}

// foreignTexts are what the other organisation calls its things.
var foreignTexts = []string{"乙方保密草稿", "乙方保密模板", "乙方保密合同", "乙方保密文件", "乙方保密印章", "乙方保密目录", "乙方保密名单", "乙方保密机构", "北京样例软件有限责任公司", "李娜"}

func constant(value string) func(*foreignWorld) string {
	return func(*foreignWorld) string { return value }
}

// foreignWorld is the other organisation; each object is made when a route first asks for it.
type foreignWorld struct {
	p     *portal
	admin *visitor // sees everything
	b     side
	made  map[string]string
}

// once makes an object under a name.
func (w *foreignWorld) once(name string, create func() string) string {
	w.p.t.Helper()
	if w.made[name] == "" {
		w.made[name] = create()
	}
	return w.made[name]
}

func (w *foreignWorld) organization() string {
	return w.once("organization", func() string { return w.b.organization })
}
func (w *foreignWorld) person() string { return w.once("person", func() string { return w.b.person }) }

func (w *foreignWorld) account() string {
	return w.once("account", func() string { return w.p.addAccount("foreigner", auth.Business, w.b.organization).ID })
}

func (w *foreignWorld) session() string {
	w.account()
	return w.once("session", func() string {
		w.p.visitor().logIn("foreigner", testPassword).wantStatus(http.StatusOK)
		all, err := w.p.db.LiveSessions(context.Background(), db.SessionFilter{AccountID: w.account()})
		if err != nil || len(all) != 1 {
			w.p.t.Fatalf("sessions: %v, %v", all, err)
		}
		return all[0].ID
	})
}

func (w *foreignWorld) seal() string {
	return w.once("seal", func() string {
		return addSeal(w.admin, url.Values{"Owner": {"organization:" + w.b.organization}, "SealType": {"CONTRACT"}, "SealName": {"乙方保密印章"}})
	})
}

func (w *foreignWorld) file() string {
	return w.once("file", func() string {
		w.admin.postFiles("/files", url.Values{"OrganizationId": {w.b.organization}}, uploadFile{"Files", "乙方保密文件.pdf", contract(w.p.t)}).wantStatus(http.StatusOK)
		all, _, err := w.p.db.Files(context.Background(), db.Everything(), db.FileFilter{Organization: w.b.organization}, db.Page{})
		if err != nil || len(all) == 0 {
			w.p.t.Fatalf("files: %v, %v", all, err)
		}
		return all[0].ID
	})
}

func (w *foreignWorld) draft() string {
	return w.once("draft", func() string {
		path := w.admin.draft("乙方保密草稿", w.b, w.b)
		w.admin.seals(path)
		return strings.TrimPrefix(path, "/drafts/")
	})
}

func (w *foreignWorld) draftApprover() string {
	return w.once("draft approver", func() string { return w.admin.builder("/drafts/" + w.draft()).Approvers[0].ID })
}

func (w *foreignWorld) flow() string {
	return w.once("flow", func() string {
		path := w.admin.draft("乙方保密合同", w.b, w.b)
		w.admin.seals(path)
		flow := w.admin.post(path+"/send", nil).wantStatus(http.StatusOK).path
		ctx, stop := context.WithCancel(context.Background())
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			if err := w.p.routing.Run(ctx); err != nil && ctx.Err() == nil {
				w.p.t.Errorf("send: %v", err)
			}
		}()
		w.p.until("the contract is sent", func() bool { return w.p.flow(flow).State == db.FlowSigning })
		stop()
		<-stopped // nothing works in the background while what is kept is compared
		return strings.TrimPrefix(flow, "/flows/")
	})
}

func (w *foreignWorld) catalog() string {
	return w.once("catalog", func() string {
		catalog, err := w.p.engine.CreateCatalog(context.Background(), "乙方保密目录", []string{w.p.flow("/flows/" + w.flow()).PlatformID})
		if err != nil {
			w.p.t.Fatal(err)
		}
		form := url.Values{"Name": {"乙方保密目录"}, "CatalogId": {catalog.ID}, "OrganizationId": {w.b.organization}}
		return strings.TrimPrefix(w.admin.post("/catalogs", form).wantStatus(http.StatusOK).path, "/catalogs/")
	})
}

func (w *foreignWorld) checkpoint() string {
	return w.once("checkpoint", func() string {
		c, err := w.p.db.Audit().Checkpoint(context.Background())
		if err == nil {
			err = w.p.db.CheckpointLeft(context.Background(), db.WayFolder, c, "", "", w.p.clock.now())
		}
		if err != nil {
			w.p.t.Fatal(err)
		}
		return "1"
	})
}

func (w *foreignWorld) imported() string {
	return w.once("import", func() string {
		text := "机构名称,证件号码,法定代表人,法定代表人证件号码\n乙方保密机构,91110000100000006C,林一帆,110101190001010014\n"
		got := w.admin.postFiles("/organizations/import", nil, uploadFile{"File", "乙方保密名单.csv", []byte(text)}).wantStatus(http.StatusOK)
		return strings.TrimPrefix(got.path, "/imports/")
	})
}

func (w *foreignWorld) flowApprover() string {
	return w.once("flow approver", func() string { return w.p.flow("/flows/" + w.flow()).Approvers[0].ID })
}

func (w *foreignWorld) template() string {
	return w.once("template", func() string {
		form := url.Values{"Name": {"乙方保密模板"}, "ContractName": {"乙方保密合同"}, "Days": {"7"}, "OrganizationId": {w.b.organization}}
		path := w.admin.postFiles("/templates", form, uploadFile{"Files", "乙方保密文件.pdf", contract(w.p.t)}).wantStatus(http.StatusOK).path
		w.admin.post(path, url.Values{"Role": {"甲方"}, "ForOrganization": {"true"}, "Channel": {"NONE"}, "Step": {"1"}}).wantStatus(http.StatusOK)
		id := strings.TrimPrefix(strings.TrimSuffix(path, "/roles"), "/templates/")
		w.admin.seals("/drafts/" + id)
		return id
	})
}

func (w *foreignWorld) batch() string {
	return w.once("batch", func() string {
		table := "合同名称,签署截止时间,甲方签署人\n乙方保密合同,2099/1/2,李娜\n"
		return strings.TrimPrefix(w.admin.bulk("/templates/"+w.template(), w.b, table).wantStatus(http.StatusOK).path, "/bulk/")
	})
}

func (w *foreignWorld) templateRole() string {
	return w.once("role of a template", func() string {
		d, err := w.p.db.Draft(context.Background(), db.Everything(), w.template())
		if err != nil {
			w.p.t.Fatal(err)
		}
		return d.Approvers[0].ID
	})
}

// request is a call of the platform in the audit log.
func (w *foreignWorld) request() string {
	return w.once("request", func() string {
		calls, err := w.p.db.Audit().Query(context.Background(), audit.Filter{Calls: true}, 0, 1)
		if err != nil || len(calls) == 0 {
			w.p.t.Fatalf("calls: %v, %v", calls, err)
		}
		return fmt.Sprint(calls[0].Seq)
	})
}

// path fills the parameters of a route with the other organisation's objects; ok tells that there are some.
func (w *foreignWorld) path(r route) (method, path string, ok bool) {
	w.p.t.Helper()
	method, path, _ = strings.Cut(r.Pattern, " ")
	path = strings.TrimSuffix(path, "{$}")
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	path = pathValue.ReplaceAllStringFunc(path, func(name string) string {
		key := first + "." + strings.Trim(name, "{}.")
		create := foreigners[key]
		if create == nil {
			w.p.t.Errorf("%s: foreigners knows no object for %s; add %q to it, so that this route is tested against foreign access", r.Pattern, name, key)
			return name
		}
		ok = ok || !slices.Contains(noObjects, key)
		return create(w)
	})
	return method, path, ok
}

// leaks looks for what belongs to the other organisation in an answer, but for what the request itself named.
func (w *foreignWorld) leaks(got *reply, path string) (found []string) {
	var all strings.Builder
	all.WriteString(got.body)
	for name, values := range got.header {
		fmt.Fprintf(&all, "\n%s: %s", name, strings.Join(values, ", "))
	}
	for _, text := range foreignTexts {
		if strings.Contains(all.String(), text) {
			found = append(found, text)
		}
	}
	for what, id := range w.made {
		if len(id) >= 8 && !strings.Contains(path, id) && strings.Contains(all.String(), id) {
			found = append(found, what+" "+id)
		}
	}
	return found
}

// changing are the tables that any request may touch: they tell of the request itself.
var changing = []string{"audit_", "sessions", "login_steps", "search_terms", "sqlite_"}

// digest is a hash over everything that the portal keeps, table by table.
func (p *portal) digest() map[string]string {
	p.t.Helper()
	ctx, sums := context.Background(), make(map[string]string)
	err := p.db.Store().Read(ctx, func(tx *store.Tx) error {
		for _, table := range tables(p.t, tx) {
			rows, err := tx.Query(ctx, "SELECT * FROM "+table)
			if err != nil {
				return err
			}
			defer rows.Close()
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			var lines []string
			for rows.Next() {
				row := make([]any, len(columns))
				for i := range row {
					row[i] = new(any)
				}
				if err := rows.Scan(row...); err != nil {
					return err
				}
				line := ""
				for _, value := range row {
					line += fmt.Sprintf("%v|", *value.(*any))
				}
				lines = append(lines, line)
			}
			if err := rows.Err(); err != nil {
				return err
			}
			slices.Sort(lines)
			sums[table] = fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(lines, "\n"))))
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return sums
}

func tables(t testing.TB, tx *store.Tx) (names []string) {
	t.Helper()
	rows, err := tx.Query(context.Background(), "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(changing, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			names = append(names, name)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}

// calls counts what the portal asked of the platform.
func (p *portal) calls() int {
	p.t.Helper()
	events, err := p.db.Audit().Query(context.Background(), audit.Filter{Outcome: audit.Intent}, 0, audit.MaxPage)
	if err != nil {
		p.t.Fatal(err)
	}
	return len(events)
}

func newForeignWorld(t *testing.T) (*foreignWorld, map[string]*visitor) {
	t.Helper()
	p := startPortal(t)
	own := p.side(0)
	w := &foreignWorld{p: p, admin: p.as(auth.Admin), b: p.side(1), made: make(map[string]string)}
	strangers := make(map[string]*visitor)
	for _, role := range auth.Roles() {
		strangers["bound "+string(role)] = p.as(role, own.organization).still()
	}
	strangers["nobody"] = p.visitor().still()
	return w, strangers
}

func TestNoRouteShowsOrChangesObjectsOfAnotherOrganization(t *testing.T) {
	w, strangers := newForeignWorld(t)
	type request struct {
		route        route
		method, path string
	}
	var requests []request
	for _, route := range w.p.server.routes() {
		if method, path, ok := w.path(route); ok {
			requests = append(requests, request{route, method, path})
		}
	}
	before, calls := w.p.digest(), w.p.calls()
	for _, r := range requests {
		for who, v := range strangers {
			kind, body := "application/x-www-form-urlencoded", ""
			if r.method == http.MethodPut {
				kind, body = "application/json", `{"revision": 1}`
			}
			got := v.send(r.method, r.path, kind, strings.NewReader(body))
			toLogin := who == "nobody" && got.status == http.StatusSeeOther && strings.HasPrefix(got.header.Get("Location"), "/login")
			silent := got.status == http.StatusNoContent && got.body == "" // a live part of a page that has nothing to say
			if got.status != http.StatusForbidden && got.status != http.StatusNotFound && !toLogin && !silent {
				t.Errorf("%s answered %s with %d", r.route.Pattern, who, got.status)
			}
			if found := w.leaks(got, r.path); len(found) > 0 {
				t.Errorf("%s tells %s of %v", r.route.Pattern, who, found)
			}
			if after := w.p.digest(); r.method != http.MethodGet && !equal(before, after) {
				t.Fatalf("%s let %s change %v", r.route.Pattern, who, differing(before, after))
			}
		}
	}
	if after := w.p.digest(); !equal(before, after) {
		t.Errorf("reading changed %v", differing(before, after))
	}
	if now := w.p.calls(); now != calls {
		t.Errorf("%d calls of the platform were made on behalf of strangers", now-calls)
	}

	// The objects are there for whoever may see them: else all of this would prove nothing.
	for _, r := range requests {
		if r.method != http.MethodGet || strings.HasSuffix(r.path, "/events") {
			continue
		}
		if got := w.admin.get(r.path); got.status == http.StatusNotFound || got.status == http.StatusForbidden {
			t.Errorf("%s: the administrator does not find the object either (%d); is its maker in foreigners right?", r.route.Pattern, got.status)
		}
	}
}

// What lists and forms show keeps to the organisations of the account too.
func TestNoListTellsOfAnotherOrganization(t *testing.T) {
	w, strangers := newForeignWorld(t)
	for _, route := range w.p.server.routes() {
		w.path(route) // makes what it is about
	}
	for _, route := range w.p.server.routes() {
		method, path, _ := strings.Cut(route.Pattern, " ")
		if path = strings.TrimSuffix(path, "{$}"); method != http.MethodGet || pathValue.MatchString(path) {
			continue
		}
		for who, v := range strangers {
			if found := w.leaks(v.get(path), path); len(found) > 0 {
				t.Errorf("%s tells %s of %v", route.Pattern, who, found)
			}
		}
	}
}

func equal(a, b map[string]string) bool { return len(differing(a, b)) == 0 }

// differing names the tables in which two digests differ.
func differing(a, b map[string]string) (names []string) {
	for name, sum := range a {
		if b[name] != sum {
			names = append(names, name)
		}
	}
	return names
}
