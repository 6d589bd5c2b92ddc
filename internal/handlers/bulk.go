package handlers

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"sealdesk/internal/csvfile"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/watch"
	"sealdesk/web/templates"
)

// bulkPageRows is how many rows of a batch a page shows.
const bulkPageRows = 50

// listBatches shows the batches.
func (s *server) listBatches(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, next, err := s.db.Batches(ctx, scope(ctx), limits(r))
	if err != nil {
		return err
	}
	data := templates.BatchesData{Paging: paging(r, next)}
	for _, b := range all {
		data.Rows = append(data.Rows, batchLine(b))
	}
	return s.render(w, r, http.StatusOK, page{Title: "bulk.title", Active: "bulk", Action: templates.NewBatchAction()}, templates.BatchesPage(data))
}

func batchLine(b db.Batch) templates.BatchLine {
	return templates.BatchLine{ID: b.ID, Template: b.Template.Name, State: b.State, By: b.CreatedBy, Total: b.Total, Created: b.Created}
}

// askBulk shows what a file for a template looks like and takes one.
func (s *server) askBulk(w http.ResponseWriter, r *http.Request) error {
	t, err := s.usableTemplate(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.bulkForm(w, r, http.StatusOK, t, templates.BulkForm{})
}

func (s *server) bulkForm(w http.ResponseWriter, r *http.Request, status int, t db.Draft, form templates.BulkForm) error {
	ctx := r.Context()
	form.ID, form.Rows, form.Limit = t.ID, maxBulkRows, sizeText(maxBulkBytes)
	for _, c := range bulkColumns(t) {
		form.Columns = append(form.Columns, templates.BulkColumn{Heading: c.heading(ctx), Required: c.required, Hint: "bulk.hint." + c.part})
	}
	operators, err := s.db.UserChoices(ctx, scope(ctx), t.OrganizationID, form.OperatorID)
	if err != nil {
		return err
	}
	form.Operators = personOptions(operators)
	return s.render(w, r, status, page{Title: "bulk.new.title", TitleArgs: []any{"Name", t.Name}, Active: "bulk",
		Back: &templates.Link{URL: "/templates/" + t.ID, Text: t.Name}}, templates.BulkFormPage(form))
}

// bulkSample sends an empty file with the headings of a template.
func (s *server) bulkSample(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.usableTemplate(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	var headings, example []string
	for _, c := range bulkColumns(t) {
		headings = append(headings, c.heading(ctx))
		switch c.part {
		case "name":
			example = append(example, t.Template.ContractName)
		case "deadline":
			example = append(example, s.deadlineAfter(t.Template.Days).Format("2006-01-02 15:04"))
		case "field":
			example = append(example, t.Fields()[c.index].Default)
		default:
			example = append(example, "")
		}
	}
	return writeCSV(w, i18n.T(ctx, "bulk.sample.file", "Name", t.Name), [][]string{headings, example})
}

// writeCSV sends a table to be saved under a name.
func writeCSV(w http.ResponseWriter, name string, rows [][]string) error {
	w.Header().Set("Content-Type", csvfile.ContentType)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	w.Header().Set("Cache-Control", "no-store")
	file, err := csvfile.NewWriter(w)
	for i := 0; err == nil && i < len(rows); i++ {
		err = file.Write(rows[i]...)
	}
	if err == nil {
		err = file.Flush()
	}
	return disconnected(err)
}

// checkBatch holds a file against its template and the directory. With any problem it lists them all and keeps nothing; without one it
// keeps the rows, to be confirmed on the next page.
func (s *server) checkBatch(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.usableTemplate(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	table, form, err := s.readBulkForm(r, t.OrganizationID)
	if err != nil {
		return err
	}
	if len(form.Problems) > 0 {
		return s.bulkForm(w, r, http.StatusUnprocessableEntity, t, form)
	}
	check, err := s.checkBulk(ctx, t, form.OperatorID, table)
	if err != nil {
		return err
	}
	if form.Wrong = check.problems; len(form.Wrong) > 0 {
		return s.bulkForm(w, r, http.StatusUnprocessableEntity, t, form)
	}
	id := randomID()
	if err := s.db.CreateBatch(ctx, id, t, check.rows); err != nil {
		return err
	}
	return s.redirect(w, r, "/bulk/"+id)
}

// readBulkForm parses the form with its file; what is wrong with the file as a whole stands beside its field.
func (s *server) readBulkForm(r *http.Request, organizationID string) (table *csvfile.Table, form templates.BulkForm, err error) {
	if err := readForm(r); err != nil {
		return nil, form, err
	}
	tell := func(field, rule, param string) {
		form.Problems = append(form.Problems, templates.Problem{Field: field, Rule: rule, Param: param})
	}
	form.OperatorID = r.FormValue("OperatorId")
	if form.OperatorID == "" {
		tell("OperatorId", "required", "")
	}
	problem, err := s.checkOperator(r.Context(), "OperatorId", form.OperatorID, organizationID)
	if err != nil {
		return nil, form, err
	}
	form.Problems = add(form.Problems, problem)
	file, header, err := r.FormFile("File")
	if err != nil || header.Size == 0 {
		tell("File", "file", "")
		return nil, form, nil
	}
	defer file.Close()
	if header.Size > maxBulkBytes {
		tell("File", "file_size", sizeText(maxBulkBytes))
		return nil, form, nil
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, form, &badRequest{err}
	}
	table, err = csvfile.Parse(data, maxBulkRows)
	var line *csvfile.LineError
	switch {
	case errors.As(err, &line) && line.Column != "":
		tell("File", "csv_heading", line.Column)
	case errors.As(err, &line):
		tell("File", "csv_quotes", strconv.Itoa(line.Line))
	case errors.Is(err, csvfile.ErrEmpty):
		tell("File", "csv_empty", "")
	case errors.Is(err, csvfile.ErrTooManyRows):
		tell("File", "csv_rows", strconv.Itoa(maxBulkRows))
	case errors.Is(err, csvfile.ErrTooWide):
		tell("File", "csv_wide", "")
	case errors.Is(err, csvfile.ErrEncoding):
		tell("File", "csv_encoding", "")
	case err != nil:
		return nil, form, err
	}
	return table, form, nil
}

// showBatch shows a batch; its page follows it by itself.
func (s *server) showBatch(w http.ResponseWriter, r *http.Request) error {
	data, err := s.batchData(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, page{Title: "bulk.batch.title", TitleArgs: []any{"Name", data.Template}, Active: "bulk",
		Back: backTo(r.Context(), "/bulk", "bulk.title")}, templates.BatchPage(data))
}

// batchData is everything that the page of a batch shows, at the place in its rows that the query names.
func (s *server) batchData(r *http.Request) (templates.BatchData, error) {
	ctx := r.Context()
	b, err := s.db.Batch(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return templates.BatchData{}, err
	}
	data := templates.BatchData{BatchLine: batchLine(b), TemplateID: b.TemplateID, Events: "/bulk/" + b.ID + "/events"}
	if r.URL.RawQuery != "" {
		data.Events += "?" + r.URL.Query().Encode()
	}
	if data.Counts, err = s.batchCounts(ctx, b.ID); err != nil {
		return data, err
	}
	after, err := strconv.Atoi(r.URL.Query().Get("after"))
	if err != nil {
		after = 0
	}
	if r.URL.Query().Get("state") == db.RowFailed {
		data.Filter = db.RowFailed
	}
	rows, err := s.db.BatchRows(ctx, b.ID, data.Filter, after, bulkPageRows+1)
	if err != nil {
		return data, err
	}
	next := ""
	if len(rows) > bulkPageRows {
		rows = rows[:bulkPageRows]
		next = strconv.Itoa(rows[len(rows)-1].Line)
	}
	data.Paging = paging(r, next)
	for _, row := range rows {
		data.Rows = append(data.Rows, batchRow(ctx, row))
	}
	return data, nil
}

func (s *server) batchCounts(ctx context.Context, id string) (templates.BatchCounts, error) {
	counts, err := s.db.BatchCounts(ctx, id)
	return templates.BatchCounts(counts), err
}

func batchRow(ctx context.Context, row db.BatchRow) templates.BatchRow {
	line := templates.BatchRow{Line: row.Line, State: row.State, FlowID: row.FlowID, Name: row.FlowName, PlatformID: row.PlatformID, Reason: rowReason(ctx, row)}
	if line.Name == "" {
		line.Name = row.Use.Name
	}
	if row.State == db.RowCancelled {
		line.FlowID = ""
	}
	return line
}

// rowReason is why a row failed, in words: a rule of the preflight, or what the platform said.
func rowReason(ctx context.Context, row db.BatchRow) string {
	if row.Error == "" || row.State != db.RowFailed {
		return ""
	}
	if key := "builder.preflight." + row.Error; i18n.Has(ctx, key) {
		return i18n.T(ctx, key, "Name", row.Subject)
	}
	return i18n.ErrorText(ctx, row.Error)
}

// batchEvents sends the page of a batch whenever it has changed.
func (s *server) batchEvents(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.db.Batch(r.Context(), scope(r.Context()), r.PathValue("id")); err != nil {
		return err
	}
	return s.live(w, r, watch.BatchTopic(r.PathValue("id")), func() error {
		data, err := s.batchData(r)
		if err != nil {
			return err
		}
		return sendMessage(w, r, templates.BatchLive(data))
	})
}

// setBatch starts, pauses, resumes or cancels a batch.
func (s *server) setBatch(state string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx := r.Context()
		id := r.PathValue("id")
		if err := s.routing.SetBatch(ctx, scope(ctx), id, state); err != nil {
			return err
		}
		if _, err := s.db.Batch(ctx, scope(ctx), id); errors.Is(err, db.ErrNotFound) { // it was never confirmed
			s.flash(r, "ok", "bulk.discarded")
			return s.redirect(w, r, "/bulk")
		}
		return s.redirect(w, r, "/bulk/"+id)
	}
}

// retryBatch tries the failed rows of a batch again.
func (s *server) retryBatch(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := s.routing.RetryBatch(r.Context(), scope(r.Context()), id); err != nil {
		return err
	}
	return s.redirect(w, r, "/bulk/"+id)
}

// batchResult sends what became of each row, as a file.
func (s *server) batchResult(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	b, err := s.db.Batch(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	rows, err := s.db.BatchRows(ctx, b.ID, "", 0, maxBulkRows)
	if err != nil {
		return err
	}
	table := [][]string{{i18n.T(ctx, "bulk.line"), i18n.T(ctx, "builder.name"), i18n.T(ctx, "common.status"), i18n.T(ctx, "bulk.reason"),
		i18n.T(ctx, "bulk.contract"), i18n.T(ctx, "flows.id")}}
	for _, row := range rows {
		line := batchRow(ctx, row)
		table = append(table, []string{strconv.Itoa(line.Line), line.Name, i18n.T(ctx, "bulk.row."+line.State), line.Reason, line.FlowID, line.PlatformID})
	}
	return writeCSV(w, i18n.T(ctx, "bulk.result.file", "Name", b.Template.Name), table)
}
