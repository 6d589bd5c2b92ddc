package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// LaterState tells of a file what was signed on it since.
type LaterState struct {
	FlowID     string `json:"flowId"`
	FlowName   string `json:"flowName"`
	Signatures int    `json:"later"` // that were made since; 0 for the newest state
}

// LaterState finds what a file with this SHA-256 (hexadecimal) is an earlier state of, see FindLaterState.
func (e *Engine) LaterState(ctx context.Context, sha256 string) (LaterState, bool, error) {
	return FindLaterState(ctx, e.log, e.db, sha256)
}

// FindLaterState finds, in an engine's evidence and database, the flow that a file with this SHA-256 (hexadecimal) is a state of: what one
// of its signatures made. ok is false for a file that no signature there has made. A file may have been cut back to such a state, or be an
// old copy.
func FindLaterState(ctx context.Context, log *audit.Log, db *store.DB, sha256 string) (state LaterState, ok bool, err error) {
	made, err := log.Query(ctx, audit.Filter{Action: "flow.sign", About: []string{sha256}}, 0, 1)
	if err != nil || len(made) == 0 {
		return LaterState{}, false, err
	}
	state.FlowID = made[0].ObjectID
	index := -1
	for _, f := range signedFiles(made[0]) {
		if f.SHA256 == sha256 {
			index = f.Index
		}
	}
	all, err := log.Query(ctx, audit.Filter{Action: "flow.sign", ObjectType: "flow", ObjectID: state.FlowID}, 0, audit.MaxPage)
	if err != nil {
		return LaterState{}, false, err
	}
	for _, event := range all {
		if event.Seq > made[0].Seq && slices.ContainsFunc(signedFiles(event), func(f signedFile) bool { return f.Index == index }) {
			state.Signatures++
		}
	}
	err = db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT name FROM engine_flows WHERE id = $1`, state.FlowID).Scan(&state.FlowName)
	})
	if err != nil {
		return LaterState{}, false, fmt.Errorf("find the flow of a file: %w", err)
	}
	return state, true, nil
}

// signedFile is what the event of a signature says of one file.
type signedFile struct {
	Index  int    `json:"index"`
	SHA256 string `json:"sha256"`
}

func signedFiles(e audit.Event) []signedFile {
	var detail struct {
		Files []signedFile `json:"files"`
	}
	if json.Unmarshal([]byte(e.DetailText), &detail) != nil {
		return nil // not written by storeSigning
	}
	return detail.Files
}
