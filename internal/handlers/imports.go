package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/csvfile"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// An import makes people or organisations of a file. The database knows how far each row is; what the rows say, numbers of people
// included, is only in the memory of the program while the import is under way. After a restart the same file is asked for again.
const (
	maxImportRows = 1000
	importLife    = 2 * time.Hour           // how long rows stay in memory after they were last touched
	importSlice   = 1500 * time.Millisecond // of work for one request
	shownFaults   = 200
)

// ofKind makes a handler of one that is about people or organisations.
func ofKind(kind string, h func(kind string, w http.ResponseWriter, r *http.Request) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error { return h(kind, w, r) }
}

func importPage(ctx context.Context, kind string) page {
	return page{Title: "imports." + kind, Active: kind, Back: backTo(ctx, "/"+kind, kind+".title")}
}

// showImport is the form for a file, with the imports before it.
func (s *server) showImport(kind string, w http.ResponseWriter, r *http.Request) error {
	return s.importForm(w, r, http.StatusOK, templates.ImportForm{Kind: kind})
}

func (s *server) importForm(w http.ResponseWriter, r *http.Request, status int, d templates.ImportForm) error {
	ctx := r.Context()
	former, err := s.db.Imports(ctx, account(ctx).ID, d.Kind)
	if err != nil {
		return err
	}
	for _, i := range former {
		d.Former = append(d.Former, importView(i))
	}
	for _, c := range importColumns(d.Kind) {
		d.Columns = append(d.Columns, templates.ImportColumn{Key: c.key, Required: c.required})
	}
	d.Limit = maxImportRows
	if len(d.Faults) > shownFaults {
		d.More, d.Faults = len(d.Faults)-shownFaults, d.Faults[:shownFaults]
	}
	return s.render(w, r, status, importPage(ctx, d.Kind), templates.ImportFormPage(d))
}

func importView(i db.Import) templates.ImportView {
	return templates.ImportView{ID: i.ID, Kind: i.Kind, FileName: i.FileName, Created: i.Created, Total: i.Total(), Done: i.Counts[db.ImportRowDone],
		Failed: i.Counts[db.ImportRowFailed], Open: i.Open()}
}

// importSample is a file with the columns and one row.
func (s *server) importSample(kind string, w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var heads, cells []string
	for _, c := range importColumns(kind) {
		heads = append(heads, i18n.T(ctx, "imports."+kind+"."+c.key))
		if i18n.Has(ctx, c.sample) {
			c.sample = i18n.T(ctx, c.sample)
		}
		cells = append(cells, c.sample)
	}
	return writeCSV(w, i18n.T(ctx, "imports.sample.name", "Kind", i18n.T(ctx, kind+".title")), [][]string{heads, cells})
}

// checkImport reads a file without making anything. Without faults it becomes an import that waits for its start.
func (s *server) checkImport(kind string, w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	d := templates.ImportForm{Kind: kind}
	file, err := s.importFile(r, kind)
	if err != nil {
		return err
	}
	d.FileName = file.name
	if d.Problems, d.Faults = file.problems, file.faults; len(d.Problems)+len(d.Faults) > 0 {
		return s.importForm(w, r, http.StatusUnprocessableEntity, d)
	}
	i := db.Import{ID: randomID(), Kind: kind, FileName: file.name, SHA256: file.sha256, AccountID: account(ctx).ID}
	rows := make([]db.ImportRow, 0, len(file.items))
	for line, item := range file.items {
		rows = append(rows, db.ImportRow{Line: line, Name: item.name(), OpenID: item.user.Form.OpenId + item.organization.Form.OpenId})
	}
	if err := s.db.AddImport(ctx, i, rows); err != nil {
		return err
	}
	s.imports.hold(i.ID, file.items, s.now())
	return s.redirect(w, r, "/imports/"+i.ID)
}

// importedFile is a file of a form, read.
type importedFile struct {
	name, sha256 string
	items        map[int]importItem
	problems     templates.Problems // of the file as a whole
	faults       []templates.ImportFault
}

// importFile reads the file of the form.
func (s *server) importFile(r *http.Request, kind string) (f importedFile, err error) {
	if err := readForm(r); err != nil {
		return f, err
	}
	refuse := func(rule, param string) (importedFile, error) {
		f.problems = templates.Problems{{Field: "File", Rule: rule, Param: param}}
		return f, nil
	}
	open, header, err := r.FormFile("File")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return refuse("file", "")
	}
	if err != nil {
		return f, &badRequest{err}
	}
	defer open.Close()
	f.name = header.Filename
	data, err := io.ReadAll(io.LimitReader(open, csvfile.MaxBytes+1))
	if err != nil {
		return f, &badRequest{err}
	}
	sum := sha256.Sum256(data)
	f.sha256 = hex.EncodeToString(sum[:])
	table, err := csvfile.Parse(data, maxImportRows)
	var line *csvfile.LineError
	switch {
	case errors.As(err, &line) && line.Column != "":
		return refuse("import_heading_twice", line.Column)
	case errors.As(err, &line):
		return refuse("import_line", strconv.Itoa(line.Line))
	case errors.Is(err, csvfile.ErrEmpty):
		return refuse("import_empty", "")
	case errors.Is(err, csvfile.ErrTooLarge):
		return refuse("file_size", sizeText(csvfile.MaxBytes))
	case errors.Is(err, csvfile.ErrTooManyRows):
		return refuse("import_rows", strconv.Itoa(maxImportRows))
	case errors.Is(err, csvfile.ErrTooWide), errors.Is(err, csvfile.ErrEncoding):
		return refuse("import_text", "")
	case err != nil:
		return f, err
	}
	f.items, f.faults, err = s.readImport(r.Context(), kind, table)
	return f, err
}

// ownImport is the import of the path, where the account may still make such objects.
func (s *server) ownImport(ctx context.Context, id string) (db.Import, error) {
	i, err := s.db.Import(ctx, account(ctx).ID, id)
	if err != nil {
		return i, err
	}
	need := auth.UsersWrite
	if i.Kind == db.ImportOrganizations {
		need = auth.OrganizationsWrite
	}
	if !can(ctx, need) {
		return i, errForbidden
	}
	return i, nil
}

// followImport shows how far an import is.
func (s *server) followImport(w http.ResponseWriter, r *http.Request) error {
	return s.importProgress(w, r, http.StatusOK, templates.ImportProgress{})
}

func (s *server) importProgress(w http.ResponseWriter, r *http.Request, status int, d templates.ImportProgress) error {
	ctx := r.Context()
	i, err := s.ownImport(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	d.ImportView = importView(i)
	d.NeedsFile = d.Open > 0 && s.imports.get(i.ID, s.now()) == nil
	d.Running = d.Running && d.Open > 0 && !d.NeedsFile
	if d.Failed > 0 {
		rows, err := s.db.ImportRows(ctx, i.ID)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.State == db.ImportRowFailed && len(d.Failures) < shownFaults {
				d.Failures = append(d.Failures, templates.ImportFailure{Line: row.Line, Name: row.Name, Problem: i18n.ErrorText(ctx, row.Problem)})
			}
		}
	}
	content := templates.ImportProgressPage(d)
	if isPartial(r) {
		return s.fragment(w, r, status, content)
	}
	p := page{Title: "imports." + i.Kind, Active: i.Kind, Back: backTo(ctx, "/"+i.Kind+"/import", "imports."+i.Kind)}
	return s.render(w, r, status, p, content)
}

// resumeImport takes the same file again after its rows have left the memory. The ids that were chosen for the rows stay.
func (s *server) resumeImport(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	i, err := s.ownImport(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	file, err := s.importFile(r, i.Kind)
	if err != nil {
		return err
	}
	wrong := file.problems
	if len(wrong) == 0 && (file.sha256 != i.SHA256 || len(file.faults) > 0) {
		wrong = templates.Problems{{Field: "File", Rule: "import_other", Param: i.FileName}}
	}
	if len(wrong) > 0 {
		return s.importProgress(w, r, http.StatusUnprocessableEntity, templates.ImportProgress{Problems: wrong})
	}
	s.imports.hold(i.ID, file.items, s.now())
	return s.redirect(w, r, "/imports/"+i.ID)
}

// retryImport lets refused rows be tried again.
func (s *server) retryImport(w http.ResponseWriter, r *http.Request) error {
	i, err := s.ownImport(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.db.RetryImport(r.Context(), i.ID); err != nil {
		return err
	}
	return s.redirect(w, r, "/imports/"+i.ID)
}

// importResult is the file with the outcome of every row.
func (s *server) importResult(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	i, err := s.ownImport(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	rows, err := s.db.ImportRows(ctx, i.ID)
	if err != nil {
		return err
	}
	out := [][]string{{i18n.T(ctx, "imports.line"), i18n.T(ctx, "imports."+i.Kind+".Name"), i18n.T(ctx, "common.status"), i18n.T(ctx, "common.id"), i18n.T(ctx, "imports.reason")}}
	for _, row := range rows {
		reason := ""
		if row.Problem != "" {
			reason = i18n.ErrorText(ctx, row.Problem)
		}
		out = append(out, []string{strconv.Itoa(row.Line), row.Name, i18n.T(ctx, "imports.state."+row.State), row.ObjectID, reason})
	}
	return writeCSV(w, i18n.T(ctx, "imports.result.name", "File", strings.TrimSuffix(i.FileName, ".csv")), out)
}
