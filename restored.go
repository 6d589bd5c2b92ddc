package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"sealdesk/internal/audit"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
	"sealdesk/internal/engine"
	"sealdesk/internal/files"
	"sealdesk/internal/i18n"
	"sealdesk/internal/store"
)

// maxNamed is how many files a refusal names.
const maxNamed = 10

// judgeRestored verifies what was restored and says what it is: both logs, all rows, and every file that a row refers to. Rows and files that are not
// what Sealdesk wrote are an error; of a log it tells whether it is broken.
func judgeRestored(ctx context.Context, f folders, out io.Writer) (broken bool, err error) {
	all, err := verifyLogs(ctx, config.AuditVerifyCommand{DataFlags: config.DataFlags{Data: f.root}, Log: "all"})
	if err != nil {
		return false, err
	}
	for i := range all {
		v := &all[i]
		for _, p := range v.found {
			if p.Kind == audit.ProblemRow {
				return false, refuse(ctx, "backup.row", "Row", p.Row)
			}
		}
		v.print(ctx, out)
		broken = broken || !v.OK
		count, err := judgeFiles(ctx, f, v.Log)
		if err != nil {
			return false, err
		}
		fmt.Fprintln(out, "  "+i18n.T(ctx, "cli.data.backup.files", "Count", count))
	}
	return broken, nil
}

// judgeFiles reads every file that a half refers to, and counts them. An error names those that are gone or are something else.
func judgeFiles(ctx context.Context, f folders, name string) (count int, err error) {
	query := map[string]string{portalHalf: db.ContentRefs, engineHalf: engine.ContentRefs}[name]
	content, err := files.Open(filepath.Join(f.half(name).dir, "files"))
	if err != nil {
		return 0, err
	}
	var bad []string
	err = withLog(ctx, f, name, func(d *dataFolder, _ *audit.Log, database *store.DB) error {
		return database.Read(ctx, func(tx *store.Tx) error {
			if err := restoredAuthority(ctx, tx, d, name); err != nil {
				return err
			}
			rows, err := tx.Query(ctx, query)
			if err != nil {
				return err
			}
			for rows.Next() {
				var ref string
				if err := rows.Scan(&ref); err != nil {
					return err
				}
				count++
				if _, err := content.Get(ctx, files.Ref(ref)); err != nil {
					bad = append(bad, ref)
				}
			}
			return rows.Err()
		})
	})
	if err == nil && len(bad) > 0 {
		err = refuse(ctx, "backup.damaged", "Half", name, "Count", len(bad), "Names", strings.Join(bad[:min(len(bad), maxNamed)], ", "))
	}
	return count, err
}

// restoredAuthority refuses an engine whose certificate authority is gone.
func restoredAuthority(ctx context.Context, tx *store.Tx, d *dataFolder, name string) error {
	if name != engineHalf {
		return nil
	}
	gone, err := engine.LacksAuthority(ctx, tx)
	if err == nil && gone {
		err = d.explain(ctx, d.half(name), engine.ErrAuthorityGone)
	}
	return err
}
