package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"sealdesk/internal/store"
)

// A row of audit_folds is what somebody with the database can write as well, and becomes an event that the log signs. So it carries a MAC over
// the number of its opening and the event: "mac event". What tells of persons is concealed in it as in events.

// actionForged stands for a row of audit_folds that this log did not write.
const actionForged = "audit.fold_forged"

// Why a row is no event. Each is the code of an actionForged.
const (
	forgedMAC     = "mac"     // it does not carry the log's MAC
	forgedOpening = "opening" // the log has no such opening
	forgedAgain   = "again"   // its sum is an event already
)

// foldText is what the MAC of a row covers.
func foldText(opening int64, event string) string {
	return strconv.FormatInt(opening, 10) + "\n" + event
}

// save keeps what is counted and no event yet.
func (f *Folder) save(ctx context.Context, tx *store.Tx, opening int64, e *Event) error {
	kept, err := f.log.concealedCopy(ctx, tx, e)
	if err != nil {
		return err
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	row := f.log.opts.Key.mac(macFold, foldText(opening, string(text))) + " " + string(text)
	_, err = tx.Exec(ctx, "INSERT INTO audit_folds (opening, event) VALUES ($1, $2) ON CONFLICT (opening) DO UPDATE SET event = excluded.event",
		opening, row)
	return err
}

// Recover makes events of what a program that was killed had counted; their detail says "interrupted". A row that the log did not write
// becomes no such event, but one that says so. Call it before the first Note, in the one program that serves.
func (f *Folder) Recover(ctx context.Context) error {
	err := f.db.Write(ctx, func(tx *store.Tx) error {
		left, err := leftFolds(ctx, tx)
		if err != nil {
			return err
		}
		for _, row := range left {
			e, err := f.log.recovered(ctx, tx, row)
			if err == nil {
				_, err = f.log.Append(ctx, tx, e)
			}
			if err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "DELETE FROM audit_folds")
		return err
	})
	if err != nil {
		return fmt.Errorf("record what was counted before: %w", err)
	}
	return nil
}

// foldRow is a row of audit_folds.
type foldRow struct {
	opening int64
	text    string
}

// leftFolds reads what is left in the table, if there is one.
func leftFolds(ctx context.Context, tx *store.Tx) (all []foldRow, err error) {
	var tables int
	if err := tx.QueryRow(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'audit_folds'").Scan(&tables); err != nil || tables == 0 {
		return nil, err
	}
	rows, err := tx.Query(ctx, "SELECT opening, CAST(event AS TEXT) FROM audit_folds ORDER BY opening")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r foldRow
		if err := rows.Scan(&r.opening, &r.text); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// check gives the reason why a row is not what the log counted, empty when it is, and the event in it.
func (l *Log) check(ctx context.Context, tx *store.Tx, row foldRow) (e Event, reason string, err error) {
	mac, text, _ := strings.Cut(row.text, " ")
	if !l.opts.Key.fits(mac, macFold, foldText(row.opening, text)) {
		return e, forgedMAC, nil
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return e, "", fmt.Errorf("read what was counted: %w", err)
	}
	var there, told int
	err = tx.QueryRow(ctx, "SELECT (SELECT count(*) FROM audit_events WHERE seq = $1 AND action = $2 AND actor = $3), "+
		"(SELECT count(*) FROM audit_events WHERE seq > $1 AND action = $2 AND actor = $3 "+
		"AND CASE WHEN json_valid(detail) THEN detail ->> '$.opening' = $1 END)",
		row.opening, tidy(e.Action), tidy(e.Actor.Name)).Scan(&there, &told)
	switch {
	case err != nil:
		return e, "", err
	case there == 0:
		return e, forgedOpening, nil
	case told > 0:
		return e, forgedAgain, nil
	}
	return e, "", nil
}

// recovered is the event that a row becomes. Of a forged one it tells nothing that a forger would have the log sign but its size and digest.
func (l *Log) recovered(ctx context.Context, tx *store.Tx, row foldRow) (Event, error) {
	e, reason, err := l.check(ctx, tx, row)
	if err != nil {
		return e, err
	}
	if reason != "" {
		sum := sha256.Sum256([]byte(row.text))
		return Event{Action: actionForged, ObjectType: "audit", Outcome: Failed, ErrorCode: reason,
			Detail: map[string]any{"row": row.opening, "bytes": len(row.text), "sha256": hex.EncodeToString(sum[:])}}, nil
	}
	if e.Detail == nil {
		e.Detail = map[string]any{}
	}
	e.Detail["interrupted"], e.concealed = true, true
	return e, nil
}

// verifyFolds names the rows that would become no event.
func (l *Log) verifyFolds(ctx context.Context, tx *store.Tx, r *Report) error {
	left, err := leftFolds(ctx, tx)
	if err != nil {
		return err
	}
	for _, row := range left {
		_, reason, err := l.check(ctx, tx, row)
		if err != nil {
			return err
		}
		if reason != "" {
			r.add(ProblemFold, row.opening)
		}
	}
	return nil
}
