package main

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"

	"sealdesk/internal/audit"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/internal/pdf"
	"sealdesk/internal/store"
)

// timeFormat is how the terminal shows times.
const timeFormat = "2006-01-02 15:04:05 MST"

// verifyPDF says of every signature in a PDF whether it is valid; exit status 1 when one is not, or when there is none.
func verifyPDF(ctx context.Context, c config.VerifyCommand, out io.Writer) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	roots, err := trustedRoots(c)
	if err != nil {
		return err
	}
	report, err := pdf.Verify(data, roots)
	if err == nil && !report.OK && c.Root == "" {
		// Nobody named a root: a contract of another engine than the data folder's is not broken, its chain is only not judged.
		if unjudged, err := pdf.Verify(data, nil); err == nil && unjudged.OK {
			report = unjudged
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	earlier, unasked := askFolder(ctx, folders{c.Data}, data, report)
	if c.JSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(struct {
			*pdf.Report
			Earlier *engine.LaterState `json:"earlier,omitempty"`
		}{report, earlier})
	} else {
		printReport(ctx, out, report)
		if earlier != nil {
			fmt.Fprintln(out, i18n.T(ctx, "cli.verify.earlier", "Contract", earlier.FlowName, "Count", earlier.Signatures))
		}
	}
	if err == nil && !report.OK {
		err = errReported
	}
	if err == nil {
		err = unasked // what the file is worth was told all the same
	}
	return err
}

// askFolder asks the engine of a data folder whether the file, or what its last signature covers of it, is a contract of its before further
// signatures, and names the people behind signatures that are its own in the report. Earlier is nil when it is not, or when there is no such
// folder.
func askFolder(ctx context.Context, f folders, data []byte, report *pdf.Report) (earlier *engine.LaterState, err error) {
	if _, err := os.Stat(f.engineRoot()); err != nil || report.Covered() == 0 {
		return nil, nil
	}
	err = withLog(ctx, f, "engine", func(_ *dataFolder, log *audit.Log, database *store.DB) error {
		for i := range report.Signatures {
			s := &report.Signatures[i]
			if !s.ChainTrusted {
				continue
			}
			by, ok, err := engine.FindSignedBy(ctx, log, database, s.Field, s.Certificate.SerialNumber.Text(16))
			if err != nil {
				return err
			}
			if ok && by.Person != "" {
				s.Person = by.Person
			}
		}
		for _, state := range [][]byte{data, data[:report.Covered()]} {
			sum := sha256.Sum256(state)
			later, ok, err := engine.FindLaterState(ctx, log, database, hex.EncodeToString(sum[:]))
			if err != nil {
				return err
			}
			if ok && later.Signatures > 0 {
				earlier = &later
			}
		}
		return nil
	})
	return earlier, err
}

// trustedRoots takes the root certificate that the command names, else the one of the data folder's engine. With neither, chains are not judged.
func trustedRoots(c config.VerifyCommand) (*x509.CertPool, error) {
	file, named := c.Root, c.Root != ""
	if !named {
		file = folders{c.Data}.engineRoot()
	}
	certificate, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(certificate) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", file)
	}
	if named {
		return roots, nil
	}
	stamps, err := os.ReadFile(folders{c.Data}.stampRoots())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	roots.AppendCertsFromPEM(stamps)
	return roots, nil
}

func printReport(ctx context.Context, out io.Writer, report *pdf.Report) {
	t := func(key string, args ...any) string { return i18n.T(ctx, key, args...) }
	simulated := 0
	for i, s := range report.Signatures {
		fmt.Fprintln(out, t("cli.verify.signature", "N", i+1, "Signer", s.Signer))
		line := func(text string) { fmt.Fprintln(out, "  -", text) }
		if s.Organization != "" {
			line(t("cli.verify.organization") + ": " + s.Organization)
		}
		if s.Person != "" {
			line(t("cli.verify.person") + ": " + s.Person)
		}
		line(t("cli.verify.time") + ": " + s.Time.Local().Format(timeFormat))
		if !s.TimestampTime.IsZero() {
			line(t("cli.verify.stamped") + ": " + s.TimestampTime.Local().Format(timeFormat))
		}
		if len(s.AlsoIn) > 0 {
			line(t("cli.verify.also", "Fields", strings.Join(s.AlsoIn, ", ")))
		}
		if s.Reason != "" {
			line(t("cli.verify.reason") + ": " + s.Reason)
		}
		if engine.IsSimulated(s.Reason, s.Certificate) {
			simulated++
			line(t("cli.verify.simulated"))
		}
		if engine.IsUnchecked(s.Reason) {
			line(t("cli.verify.unchecked"))
		}
		if s.Problem != "" {
			line(t("cli.verify.broken", "Problem", t("verify.problem."+s.Problem)))
			for _, change := range s.ChangedAfter {
				if !change.Permitted {
					line(t("cli.verify.changed", "Change", changeText(ctx, change)))
				}
			}
			continue
		}
		line(t("cli.verify.intact"))
		if s.ChainTrusted {
			line(t("cli.verify.trusted"))
		} else {
			line(t("cli.verify.untrusted"))
		}
		if s.CoversWholeFile {
			line(t("cli.verify.whole"))
		}
		if len(s.ChangedAfter) > 0 {
			line(t("cli.verify.followed", "Changes", changes(ctx, s.ChangedAfter)))
		}
	}
	switch {
	case report.OK:
		fmt.Fprintln(out, t("cli.verify.ok", "Count", len(report.Signatures)))
		if simulated > 0 {
			fmt.Fprintln(out, t("cli.verify.ok.simulated", "Count", simulated))
		}
	case len(report.Signatures) == 0 && report.Problem == pdf.ProblemNoSignature:
		fmt.Fprintln(out, t("cli.verify.none"))
	case report.Problem != "":
		fmt.Fprintln(out, t("cli.verify.bad", "Problem", t("verify.problem."+report.Problem)))
	default:
		fmt.Fprintln(out, t("cli.verify.badones"))
	}
}

// changes lists later updates, each kind and field once.
func changes(ctx context.Context, list []pdf.Change) string {
	var words []string
	for _, change := range list {
		words = append(words, changeText(ctx, change))
	}
	return strings.Join(words, "; ")
}

// changeText says what was changed, and where.
func changeText(ctx context.Context, c pdf.Change) string {
	at := []string{}
	if c.Field != "" {
		at = append(at, i18n.T(ctx, "verify.at.field", "Field", c.Field))
	}
	if c.Page > 0 {
		at = append(at, i18n.T(ctx, "verify.at.page", "Page", c.Page))
	}
	if p := c.Place; p != (pdf.Place{}) {
		point := func(v float64) int { return int(math.Round(v)) }
		at = append(at, i18n.T(ctx, "verify.at.place", "X", point(p.X), "Y", point(p.Y), "Width", point(p.Width), "Height", point(p.Height)))
	}
	if c.Text != "" {
		at = append(at, i18n.T(ctx, "verify.at.text", "Text", c.Text))
	}
	if c.By != "" {
		at = append(at, i18n.T(ctx, "verify.at.by", "Signer", c.By))
	}
	text := i18n.T(ctx, "verify.change."+c.Code)
	if len(at) == 0 {
		return text
	}
	return text + " (" + strings.Join(at, ", ") + ")"
}

// trustedRoots is the authority of the engine in this program; nil, which judges no authority, without one.
func (p *program) trustedRoots() *x509.CertPool {
	if p.engine == nil {
		return nil
	}
	return p.engine.Roots()
}

// laterState asks the engine in this program what a file is an earlier state of; nil without one.
func (p *program) laterState() func(context.Context, string) (db.FileEarlier, bool, error) {
	if p.engine == nil {
		return nil
	}
	return func(ctx context.Context, sha256 string) (db.FileEarlier, bool, error) {
		state, ok, err := p.engine.LaterState(ctx, sha256)
		return db.FileEarlier{Contract: state.FlowName, FlowID: state.FlowID, Later: state.Signatures}, ok, err
	}
}

// signedBy asks the engine in this program which act a signature belongs to; nil without one.
func (p *program) signedBy() func(ctx context.Context, field, serial string) (db.SignedBy, bool, error) {
	if p.engine == nil {
		return nil
	}
	return func(ctx context.Context, field, serial string) (db.SignedBy, bool, error) {
		by, ok, err := p.engine.SignedBy(ctx, field, serial)
		return db.SignedBy{PlatformID: by.FlowID, Person: by.Person}, ok, err
	}
}
