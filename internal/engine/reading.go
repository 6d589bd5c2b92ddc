package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// openedPage stands in engine_readings for the opening of the signing page.
const openedPage = 0

// noteRequired notes that the signer behind a link opened the page (0) or fetched a page of a file (from 0; pages from 1), where the sender wants
// the contract read. Other links and contracts leave no note.
func (e *Engine) noteRequired(ctx context.Context, token string, file, page int) error {
	needed, signID := false, ""
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		b, err := e.pendingByLink(ctx, tx, token)
		if err != nil || !b.approver.IsFullText && b.approver.PreReadTime == 0 {
			return err
		}
		signID = b.approver.SignID
		var n int
		err = tx.QueryRow(ctx, `SELECT count(*) FROM engine_readings WHERE sign_id = $1 AND file_index = $2 AND page = $3`, signID, file, page).Scan(&n)
		needed = n == 0
		return err
	})
	if errors.Is(err, ErrNotPending) || errors.Is(err, ErrLinkUnknown) || errors.Is(err, ErrCatalogLink) {
		return nil // read-only, or over, or a list
	}
	if err != nil || !needed {
		return err
	}
	return e.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO engine_readings (sign_id, file_index, page, read_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			signID, file, page, store.Micros(e.now()))
		if err != nil {
			return fmt.Errorf("note what was read: %w", err)
		}
		return nil
	})
}

// ReadingLeft tells how long the signer of a session must still read, and whether a page has not been fetched yet.
func (e *Engine) ReadingLeft(ctx context.Context, s *Session) (wait time.Duration, unseen bool, err error) {
	a := s.Approver
	if a == nil || !a.IsFullText && a.PreReadTime == 0 {
		return 0, false, nil
	}
	seen := map[[2]int]bool{}
	wait = a.PreReadTime
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT file_index, page, read_at FROM engine_readings WHERE sign_id = $1`, a.SignID)
		if err != nil {
			return fmt.Errorf("see what was read: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var file, page int
			var at int64
			if err := rows.Scan(&file, &page, &at); err != nil {
				return fmt.Errorf("see what was read: %w", err)
			}
			seen[[2]int{file, page}] = true
			if page == openedPage {
				wait = max(0, a.PreReadTime-e.now().Sub(store.Time(at)))
			}
		}
		return rows.Err()
	})
	if a.IsFullText {
		for _, file := range s.Files {
			for page := range file.Pages {
				unseen = unseen || !seen[[2]int{file.Index, page + 1}]
			}
		}
	}
	return wait, unseen, err
}
