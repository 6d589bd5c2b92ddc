package db

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/store"
)

// openTest opens a database in a folder of its own, with a clock that stands until a test moves it.
func openTest(t testing.TB) (*DB, *time.Time) {
	t.Helper()
	var mu sync.Mutex
	now := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	d, err := Open(context.Background(), Options{Dir: t.TempDir(), Clock: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d, &now
}

func testAccount(t testing.TB, d *DB, name string, role auth.Role) Account {
	t.Helper()
	a, err := d.AddAccount(context.Background(), NewAccount{Name: name, Role: role, Scope: Everything(), PasswordHash: "hash"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func events(t testing.TB, d *DB, f audit.Filter) []audit.Event {
	t.Helper()
	list, err := d.Audit().Query(context.Background(), f, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTheDatabaseOpensAgainWithItsLog(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	for start := range 2 {
		d, err := Open(ctx, Options{Dir: dir, Origin: "example.com/portal"})
		if err != nil {
			t.Fatal(err)
		}
		if start == 0 {
			testAccount(t, d, "li", auth.Admin)
		}
		if a, err := d.AccountByName(ctx, "LI"); err != nil || a.Name != "li" || a.DisplayName != "li" {
			t.Errorf("start %d: %+v, %v", start, a, err)
		}
		if report, err := d.Audit().Verify(ctx); err != nil || !report.OK() {
			t.Errorf("start %d: %+v, %v", start, report, err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(filepath.Join(dir, KeyName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info, err)
	}
}

func TestAChangeAndItsRecordAreOne(t *testing.T) {
	d, _ := openTest(t)
	ctx := audit.WithActor(context.Background(), audit.Actor{Name: "root", Role: "admin"})
	if _, err := d.AddAccount(ctx, NewAccount{Name: "li", Role: auth.Business, PasswordHash: "secret-hash"}); err != nil {
		t.Fatal(err)
	}
	added := events(t, d, audit.Filter{Action: "account.add"})
	if len(added) != 1 || added[0].Actor.Name != "root" || strings.Contains(added[0].DetailText, "secret-hash") {
		t.Fatalf("recorded %+v", added)
	}
	if _, err := d.AddAccount(ctx, NewAccount{Name: "LI", Role: auth.Business, PasswordHash: "x"}); !errors.Is(err, ErrNameTaken) {
		t.Errorf("a name in capitals: %v", err)
	}
	if n := len(events(t, d, audit.Filter{Action: "account.add"})); n != 1 {
		t.Errorf("a change that failed left %d records", n-1)
	}
}

func TestOnlyOneSetsUp(t *testing.T) {
	d, _ := openTest(t)
	var all sync.WaitGroup
	results := make(chan error, 8)
	for i := range cap(results) {
		all.Go(func() {
			_, err := d.SetUp(context.Background(), NewAccount{Name: "admin" + string(rune('a'+i)), Role: auth.Admin, Scope: Everything(), PasswordHash: "x"})
			results <- err
		})
	}
	all.Wait()
	close(results)
	done := 0
	for err := range results {
		if err == nil {
			done++
		} else if !errors.Is(err, ErrSetUp) {
			t.Error(err)
		}
	}
	if done != 1 {
		t.Errorf("%d set the portal up", done)
	}
}

func TestAccountsComeInPagesWithoutGaps(t *testing.T) {
	d, now := openTest(t)
	for i := range 7 {
		if i%2 == 0 {
			*now = now.Add(time.Second) // pairs share their time: the id decides
		}
		testAccount(t, d, "account"+string(rune('a'+i)), auth.Business)
	}
	seen := make(map[string]bool)
	page := Page{Limit: 3}
	for range 5 {
		list, next, err := d.Accounts(context.Background(), page)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			if seen[a.ID] {
				t.Errorf("%s comes twice", a.Name)
			}
			seen[a.ID] = true
		}
		if page.After = next; next == "" {
			break
		}
	}
	if len(seen) != 7 {
		t.Errorf("%d of 7 accounts were listed", len(seen))
	}
	if list, _, err := d.Accounts(context.Background(), Page{After: "not a position"}); err != nil || len(list) != 7 {
		t.Errorf("a broken position gave %d, %v", len(list), err)
	}
}

func TestScopes(t *testing.T) {
	some := Scope{Organizations: []string{"a", "b"}}
	for _, test := range []struct {
		scope Scope
		id    string
		want  bool
	}{{Everything(), "x", true}, {some, "a", true}, {some, "c", false}, {Scope{}, "a", false}, {Scope{}, "", false}} {
		if got := test.scope.Allows(test.id); got != test.want {
			t.Errorf("%+v allows %q: %v", test.scope, test.id, got)
		}
	}
	if clause, args := some.clause("o", 2); clause != " AND o IN ($3, $4)" || len(args) != 2 {
		t.Errorf("clause %q %v", clause, args)
	}
	if clause, args := (Scope{}).clause("o", 0); clause != " AND 1 = 0" || args != nil {
		t.Errorf("nothing: %q %v", clause, args)
	}
}

func TestCountersSumWithinTheScope(t *testing.T) {
	d, _ := openTest(t)
	ctx := context.Background()
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(bump(ctx, tx, "seals", "a", 2), bump(ctx, tx, "seals", "b", 1), bump(ctx, tx, "seals", "b", -1), bump(ctx, tx, "users", "b", 5))
	})
	if err != nil {
		t.Fatal(err)
	}
	for want, scope := range map[int64]Scope{2: Everything(), 0: {Organizations: []string{"b"}}} {
		if got, err := d.Counters(ctx, scope); err != nil || got["seals"] != want || got["users"] != 5 {
			t.Errorf("%+v: %v, %v", scope, got, err)
		}
	}
	if got, err := d.Counters(ctx, Scope{}); err != nil || len(got) != 0 {
		t.Errorf("nothing: %v, %v", got, err)
	}
}

func TestCallsAreRecordedBeforeAndAfter(t *testing.T) {
	d, _ := openTest(t)
	ctx, cancel := context.WithCancel(audit.WithActor(context.Background(), audit.Actor{Name: "li"}))
	r := d.Recorder()
	call := api.CallRecord{ID: "c0ffee", Action: "CreateSeal", ObjectType: "seal", Request: []byte(`{"SealName":"公章"}`)}
	if err := r.Intent(ctx, call); err != nil {
		t.Fatal(err)
	}
	cancel() // whoever asked is gone; the outcome is written all the same
	call.ErrorCode, call.RequestID, call.Duration = "OperationDenied", "s123", 5*time.Millisecond
	if err := r.Outcome(ctx, call); err != nil {
		t.Fatal(err)
	}
	got := events(t, d, audit.Filter{Action: "platform.CreateSeal"})
	if len(got) != 2 || got[1].Outcome != audit.Intent || got[0].Outcome != audit.Failed || got[0].PlatformRequestID != "s123" || got[0].Actor.Name != "li" {
		t.Fatalf("recorded %+v", got)
	}
	if !strings.Contains(got[1].DetailText, "公章") || got[0].Detail["call"] != "c0ffee" || got[1].Detail["call"] != "c0ffee" {
		t.Errorf("details %s, %s", got[1].DetailText, got[0].DetailText)
	}
}

func TestTheDatabaseDoesNotKnowSessionIDs(t *testing.T) {
	d, _ := openTest(t)
	a := testAccount(t, d, "li", auth.Admin)
	s := d.Sessions(false)
	r := httptest.NewRequest(http.MethodPost, "/login", nil)
	session, err := s.New(r, s.CookieName())
	if err != nil || !session.IsNew {
		t.Fatalf("%+v, %v", session, err)
	}
	session.Values[SessionAccount] = a.ID
	w := httptest.NewRecorder()
	if err := session.Save(r, w); err != nil {
		t.Fatal(err)
	}
	cookie := w.Result().Cookies()[0]
	if len(cookie.Value) != 43 { // 256 bits
		t.Errorf("the cookie holds %q", cookie.Value)
	}
	if err := d.Store().Backup(context.Background(), filepath.Join(t.TempDir(), "copy.db")); err != nil {
		t.Fatal(err)
	}
	var ids, data string
	err = d.store.Read(context.Background(), func(tx *store.Tx) error {
		return tx.QueryRow(context.Background(), "SELECT id_hash || public_id, data FROM sessions").Scan(&ids, &data)
	})
	if err != nil || strings.Contains(ids+data, cookie.Value) {
		t.Errorf("the database holds the cookie's value: %s %s %v", ids, data, err)
	}

	r.AddCookie(cookie)
	again, err := s.New(r, s.CookieName())
	if err != nil || again.IsNew || again.Values[SessionAccount] != a.ID {
		t.Errorf("read back %+v, %v", again, err)
	}
	// The hash itself, as somebody with a copy of the database would try, opens nothing.
	r = httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: cookie.Name, Value: hashSecret(cookie.Value)})
	if forged, err := s.New(r, s.CookieName()); err != nil || !forged.IsNew {
		t.Errorf("a hash opened %+v, %v", forged, err)
	}
	if n := len(events(t, d, audit.Filter{Action: "session.login"})); n != 1 {
		t.Errorf("%d log-ins recorded", n)
	}
}

func TestEndedSessionsAreSweptAway(t *testing.T) {
	d, now := openTest(t)
	a := testAccount(t, d, "li", auth.Admin)
	s := d.Sessions(true)
	if s.CookieName() != "__Host-sealdesk" {
		t.Errorf("cookie name %s", s.CookieName())
	}
	logIn := func() {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, "/login", nil)
		session, err := s.New(r, s.CookieName())
		if err != nil {
			t.Fatal(err)
		}
		session.Values[SessionAccount] = a.ID
		if err := session.Save(r, httptest.NewRecorder()); err != nil {
			t.Fatal(err)
		}
	}
	logIn()
	*now = now.Add(auth.DefaultPolicy().SessionIdle + time.Second)
	logIn()
	var rows int
	err := d.store.Read(context.Background(), func(tx *store.Tx) error {
		return tx.QueryRow(context.Background(), "SELECT COUNT(*) FROM sessions").Scan(&rows)
	})
	if err != nil || rows != 1 {
		t.Errorf("%d sessions are kept, %v", rows, err)
	}
	if list, err := d.LiveSessions(context.Background(), SessionFilter{AccountID: a.ID}); err != nil || len(list) != 1 {
		t.Errorf("listed %v, %v", list, err)
	}
}
