package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/store"
	"sealdesk/web/templates"
)

// openTables opens the portal's database beside the portal.
func (p *portal) openTables(ctx context.Context) (*store.DB, error) {
	return store.Open(ctx, store.Options{Path: filepath.Join(p.folder, "portal", db.FileName)})
}

// addFlows writes flows number from to to-1 straight into the tables, with two people each, findable by the words of their names. One in ten
// is still being signed.
func addFlows(ctx context.Context, tables *store.DB, from, to int) error {
	const batch = 5000
	first := time.Now().AddDate(-2, 0, 0)
	for from < to {
		err := tables.Write(ctx, func(tx *store.Tx) error {
			for end := min(from+batch, to); from < end; from++ {
				if err := addFlow(ctx, tx, from, first.Add(time.Duration(from)*time.Minute)); err != nil {
					return fmt.Errorf("add flow %d: %w", from, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func addFlow(ctx context.Context, tx *store.Tx, n int, created time.Time) error {
	id, name, state, completed := fmt.Sprintf("flw_%012d", n), fmt.Sprintf("采购合同 n%d", n), db.FlowArchived, created.Add(time.Hour)
	if n%10 == 0 {
		state, completed = db.FlowSigning, time.Time{}
	}
	at := store.Micros(created)
	_, err := tx.Exec(ctx, `INSERT INTO flows (id, platform_id, revision, organization_id, name, document, state, problem, message, deadline, created_by, created,
		updated, completed) VALUES ($1, $1, 1, '', $2, '{}', $3, '', '', $4, 'admin', $5, $5, $6)`,
		id, name, int64(state), store.Micros(created.AddDate(0, 1, 0)), at, store.Micros(completed))
	for i, person := range []string{"王小明", "李娜"} {
		if err != nil {
			return err
		}
		status := 1
		if state == db.FlowSigning {
			status = 1 - i
		}
		_, err = tx.Exec(ctx, `INSERT INTO flow_approvers (flow_id, id, position, step, user_id, user_name, organization_id, organization_name, channel, sign_id, status,
			message, sent, decided) VALUES ($1, $2, $3, 1, '', $4, '', '', 'NONE', '', $5, '', $6, $6)`, id, strconv.Itoa(i), i, person, status, at)
	}
	if err != nil {
		return err
	}
	var row int64
	if err := tx.QueryRow(ctx, `INSERT INTO search_objects (kind, object_id) VALUES ('flows', $1) RETURNING id`, id).Scan(&row); err != nil {
		return err
	}
	// The terms of the name as db writes them: characters, then words and pairs, each run behind its border.
	_, err = tx.Exec(ctx, `INSERT INTO search_terms (rowid, terms) VALUES ($1, $2)`, row, fmt.Sprintf("采 购 合 同 \ue000 采购 购合 合同 \ue000 n%d", n))
	return err
}

// benchFlowList compares the list of flows, logged in, with the least that the same page takes: the session, one read in the order of an
// index, and the templates, behind nothing.
func benchFlowList(ctx context.Context) (rows []row, err error) {
	p, err := newPortal(ctx, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	tables, err := p.openTables(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	if err := addFlows(ctx, tables, 0, 1000); err != nil {
		return nil, err
	}
	request := func(_ int64, host string) ([]byte, error) { return p.request(host, "/flows") }
	figure, limit, ratio, err := compare(ctx, &side{handler: p.handler, request: request, ahead: 1}, &side{handler: barePage(tables), request: request, ahead: 1})
	return []row{share("1", fmt.Sprintf("list of flows, %d rows, logged in, c=16, against session + read + the same templates", db.DefaultLimit), figure, limit, ratio, 0.7)}, err
}

// barePage is the limit of a list: it reads the rows and writes the page, and does nothing else of what makes it a product.
func barePage(tables *store.DB) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var person templates.Account
		now := time.Now()
		list := templates.FlowsData{Now: now, CanNew: true, CanShare: true, CSV: "/flows/export?", CSVLimit: 10_000,
			Paging: templates.Paging{Next: "/flows?after=next"}, States: make([]templates.Option, 11)}
		ctx := i18n.WithLanguage(r.Context(), "zh-CN")
		err := tables.Read(ctx, func(tx *store.Tx) (err error) {
			var account string
			cookies := r.Cookies()
			if len(cookies) == 0 {
				return errors.New("no session")
			}
			sum := sha256.Sum256([]byte(cookies[0].Value))
			if err := tx.QueryRow(ctx, `SELECT account_id FROM sessions WHERE id_hash = $1`, hex.EncodeToString(sum[:])).Scan(&account); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, `SELECT display_name, role FROM accounts WHERE id = $1`, account).Scan(&person.Name, &person.Role); err != nil {
				return err
			}
			list.Flows, err = readLines(ctx, tx)
			return err
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		frame := templates.PageData{Title: "合同", Active: "flows", Path: "/flows", Theme: templates.ThemeOf(r), Nav: templates.NavKeys(), Account: &person,
			Wide: true, Action: templates.NewDraftAction()}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = templates.Page(frame, templates.FlowsPage(list)).Render(ctx, w) // a client that has gone shows in its own error
	})
}

func readLines(ctx context.Context, tx *store.Tx) (lines []templates.FlowLine, err error) {
	rows, err := tx.Query(ctx, `SELECT id, name, state, approvers, signed, waiting_on, waiting_since, deadline, created, updated FROM flows
		ORDER BY created DESC, id DESC LIMIT `+strconv.Itoa(db.DefaultLimit+1))
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var f templates.FlowLine
		var since, deadline, created, updated int64
		if err := rows.Scan(&f.ID, &f.Name, &f.State, &f.Approvers, &f.Signed, &f.WaitingOn, &since, &deadline, &created, &updated); err != nil {
			return nil, err
		}
		if since > 0 {
			f.WaitingSince = store.Time(since)
		}
		f.Deadline, f.Created, f.Updated = store.Time(deadline), store.Time(created), store.Time(updated)
		lines = append(lines, f)
	}
	return lines[:min(len(lines), db.DefaultLimit)], rows.Err()
}

// benchManyFlows looks at the list of flows and each filter of it while the flows become more.
func benchManyFlows(ctx context.Context, most int) (rows []row, err error) {
	p, err := newPortal(ctx, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	tables, err := p.openTables(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	day := time.Now().AddDate(-2, 0, 1).Format(time.DateOnly)
	lists := []string{"", "?state=1", "?state=stuck", "?state=open", "?on=" + "王", "?mine=1", "?sort=deadline", "?to=" + day, "?due_to=" + day, "?q=n777"}
	const common = "?q=合同" // in the name of every flow
	atFirst := map[string]time.Duration{}
	had := 0
	for _, size := range []int{1000, 100_000, 1_000_000} {
		if size > most {
			break
		}
		if err := addFlows(ctx, tables, had, size); err != nil {
			return rows, err
		}
		had = size
		var worst, search time.Duration
		var ratio float64
		var which string
		for _, list := range append(lists, common) {
			took, err := p.typical(ctx, "/flows"+list)
			if err != nil {
				return rows, err
			}
			if strings.HasPrefix(list, "?q=") { // finds more among more, and has a goal of its own
				search = max(search, took)
				continue
			}
			if size == 1000 {
				atFirst[list] = took
			}
			if r := float64(took) / float64(atFirst[list]); r > ratio {
				ratio, worst, which = r, took, list
			}
		}
		if size > 1000 {
			rows = append(rows, row{"2", fmt.Sprintf("lists of %d flows against 1000, slowest grown (%s), p50", size, which), milliseconds(worst), milliseconds(atFirst[which]),
				fmt.Sprintf("%.2f×", ratio), "≤ 1.2×", ratio <= 1.2})
		}
		rows = append(rows, row{"2", fmt.Sprintf("search in %d flows, the page, p50 of the slowest", size), milliseconds(search), "", "", "≤ 10 ms", search <= 10*time.Millisecond})
	}
	return rows, nil
}

// typical is the median time of a page, which must be there.
func (p *portal) typical(ctx context.Context, path string) (time.Duration, error) {
	var all []time.Duration
	for range 40 {
		began := time.Now()
		if status, _, _ := p.get(ctx, path); status != http.StatusOK {
			return 0, fmt.Errorf("%s: answer %d", path, status)
		}
		all = append(all, time.Since(began))
	}
	return percentile(all, 0.5), nil
}
