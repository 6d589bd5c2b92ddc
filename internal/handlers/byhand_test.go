package handlers

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

// byHand runs SQL on the portal's database as somebody does who can write the file.
func (p *portal) byHand(query string, args ...any) {
	p.t.Helper()
	raw, err := sql.Open("sqlite3", "file:"+p.db.Store().Path()+"?_busy_timeout=5000")
	if err != nil {
		p.t.Fatal(err)
	}
	defer raw.Close()
	result, err := raw.Exec(query, args...)
	if err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		p.t.Fatalf("%s: no row, %v", query, err)
	}
}

// refusedRow wants the page that says that a record was changed, and an event that names its table.
func (p *portal) refusedRow(r *reply, table string) {
	p.t.Helper()
	r.wantStatus(http.StatusServiceUnavailable).wantText("h1", "记录被改动").wantText("main", "校验审计日志")
	p.until("an event tells of "+table, func() bool {
		events, err := p.db.Audit().Query(p.t.Context(), audit.Filter{Action: audit.ActionRowChanged, ObjectID: table}, 0, 1)
		return err == nil && len(events) == 1
	})
}

// TestNobodyLetsThemselvesIn makes a session, an administrator, a password, an account and a way around the second factor by SQL.
func TestNobodyLetsThemselvesIn(t *testing.T) {
	logIn := func(v *visitor) *reply {
		return v.post("/login", url.Values{"Name": {"business"}, "Password": {testPassword}})
	}
	for name, c := range map[string]struct {
		table string
		do    func(p *portal, v *visitor) *reply
	}{
		"a session": {"sessions", func(p *portal, _ *visitor) *reply {
			p.as(auth.Admin)
			sum := sha256.Sum256([]byte("mine"))
			p.byHand("INSERT INTO sessions (id_hash, public_id, account_id, ip, user_agent, created_at, last_seen_at) VALUES (?, 'ses_m', ?, '', '', ?, ?)",
				hex.EncodeToString(sum[:]), p.account("admin").ID, p.clock.now().UnixMicro(), p.clock.now().UnixMicro())
			return p.visitor().with("Cookie", "sealdesk=mine").get("/accounts")
		}},
		"a role": {"accounts", func(p *portal, v *visitor) *reply {
			p.byHand("UPDATE accounts SET role = 'admin' WHERE name = 'business'")
			return v.get("/accounts")
		}},
		"a session of somebody else": {"sessions", func(p *portal, v *visitor) *reply {
			p.as(auth.Admin)
			p.byHand("UPDATE sessions SET account_id = ? WHERE account_id = ?", p.account("admin").ID, p.account("business").ID)
			return v.get("/accounts")
		}},
		"a password": {"accounts", func(p *portal, _ *visitor) *reply {
			p.addAccount("second", auth.Admin)
			p.byHand("UPDATE accounts SET role = 'admin', password_hash = (SELECT password_hash FROM accounts WHERE name = 'second') WHERE name = 'business'")
			return logIn(p.visitor())
		}},
		"organisations": {"account_organizations", func(p *portal, v *visitor) *reply {
			p.byHand("INSERT INTO account_organizations (account_id, organization_id) SELECT id, 'org1' FROM accounts")
			return v.get("/")
		}},
		"a second factor that is gone": {"second_factors", func(p *portal, v *visitor) *reply {
			v.enrol()
			p.byHand("DELETE FROM second_factors")
			return logIn(p.visitor())
		}},
		"a second factor that is not confirmed": {"second_factors", func(p *portal, v *visitor) *reply {
			v.enrol()
			p.byHand("UPDATE second_factors SET confirmed_at = 0")
			return logIn(p.visitor())
		}},
		"a link for a password": {"account_links", func(p *portal, _ *visitor) *reply {
			sum := sha256.Sum256([]byte("mine"))
			p.byHand("INSERT INTO account_links (account_id, token_hash, expires_at) SELECT id, ?, ? FROM accounts", hex.EncodeToString(sum[:]), p.clock.now().UnixMicro()*2)
			return p.visitor().get("/welcome?token=mine")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPortal(t)
			v := p.as(auth.Business)
			p.refusedRow(c.do(p, v), c.table)
		})
	}
}

// TestNothingFollowsFromARowByHand gives an approval, names a keeper, moves a registered number and exchanges a file by SQL.
func TestNothingFollowsFromARowByHand(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	business, reviewer := p.as(auth.Business, a.organization), p.as(auth.Compliance)

	given, gone := p.sendRouted(business, a, b), p.sendRouted(business, a, b)
	decision := given + "/approvals/" + p.flow(given).Approvals[0].ID + "/decision"
	p.byHand("UPDATE flow_approvals SET status = 1, decided = 1 WHERE flow_id = ?", strings.TrimPrefix(given, "/flows/"))
	p.refusedRow(business.get(given), "flows") // its own triggers follow what is written by hand
	p.refusedRow(reviewer.post(decision, url.Values{"Decision": {"approve"}}), "flows")
	p.byHand("DELETE FROM flow_approvals WHERE flow_id = ?", strings.TrimPrefix(gone, "/flows/"))
	business.get(gone).wantStatus(http.StatusServiceUnavailable)
	for _, flow := range []string{given, gone} {
		if _, err := p.db.Flow(t.Context(), db.Everything(), strings.TrimPrefix(flow, "/flows/")); !errors.Is(err, db.ErrRowChanged) {
			t.Errorf("the contract goes on: %v", err)
		}
	}

	seal := admin.sealOf(a, "OFFICIAL", "公章")
	p.byHand("INSERT INTO seal_keepers (seal_id, user_id, valid_from, valid_until, granted_by, granted_at) VALUES (?, ?, 0, 0, '', 1)", strings.TrimPrefix(seal, "/seals/"), b.person)
	p.refusedRow(admin.get(seal), "seal_keepers")

	draft := admin.draft("采购合同", a, a)
	p.byHand("UPDATE files SET ref = ref || '0'")
	p.refusedRow(admin.post(draft+"/send", nil), "files")

	p.byHand("UPDATE users SET email = 'mallory@example.com' WHERE id = ?", b.person)
	p.refusedRow(admin.get("/users/"+b.person), "users")

	v, err := p.db.Audit().Verify(t.Context())
	if err != nil || v.OK() {
		t.Fatalf("verifying finds nothing: %v", err)
	}
	named := map[string]bool{}
	for _, problem := range v.Problems {
		table, _, _ := strings.Cut(problem.Row, " ")
		named[table] = true
	}
	for _, table := range []string{"flow_approvals", "seal_keepers", "files", "users"} {
		if !named[table] {
			t.Errorf("verifying does not name %s: %v", table, v.Problems)
		}
	}
}
