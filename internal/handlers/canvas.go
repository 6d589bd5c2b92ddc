package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/routing"
	"sealdesk/web/templates"
)

// showBuilder shows the pages of a draft with its components.
func (s *server) showBuilder(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	draft, err := s.db.Draft(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if len(draft.Approvers) == 0 { // nobody to place anything for
		return s.redirect(w, r, draftPath(draft, "people"))
	}
	build, err := s.draftBuild(ctx, draft)
	if err != nil {
		return err
	}
	build.Values = templates.PlaceValues{Width: 119, Height: 119}
	return s.render(w, r, http.StatusOK, builderPage(ctx, draft), templates.DraftBuildPage(build))
}

func builderPage(ctx context.Context, draft db.Draft) page {
	if draft.Template != nil {
		return page{TitleText: draft.Name, Active: "templates", Wide: true, Scripts: []string{"builder.js"}, Action: templates.TemplateDoneAction(draft.ID),
			Back: backTo(ctx, "/templates/"+draft.ID, "templates.back")}
	}
	return page{TitleText: draft.Name, Active: "drafts", Wide: true, Scripts: []string{"builder.js"}, Action: templates.SendAction(draft.ID),
		Back: &templates.Link{URL: "/drafts", Text: i18n.T(ctx, "builder.drafts.title")}}
}

// draftBuild is what the builder shows of a draft.
func (s *server) draftBuild(ctx context.Context, draft db.Draft) (templates.DraftBuild, error) {
	files, err := s.db.FilesByID(ctx, db.Everything(), draft.Files)
	if err != nil {
		return templates.DraftBuild{}, err
	}
	canvas := templates.CanvasData{DraftID: draft.ID, SaveURL: "/drafts/" + draft.ID + "/components", Revision: draft.Revision,
		Raw: account(ctx).Role == auth.Admin}
	for i, a := range draft.Approvers {
		canvas.Approvers = append(canvas.Approvers, templates.CanvasApprover{ID: a.ID, Name: a.Label(), Color: i % 6})
	}
	if canvas.Seals, err = s.certainSeals(ctx, draft); err != nil {
		return templates.DraftBuild{}, err
	}
	build := templates.DraftBuild{Template: draft.Template != nil}
	for i, f := range files {
		file := templates.CanvasFile{ID: f.ID, Index: i, Name: f.Name}
		for n, p := range f.Pages {
			// The content's hash in the address keeps a browser from showing the page of another file that had this place before.
			file.Pages = append(file.Pages, templates.CanvasPage{Number: n + 1, Width: p.Width, Height: p.Height,
				Image: fmt.Sprintf("/drafts/%s/files/%d/pages/%d.png?v=%.8s", draft.ID, i, n+1, f.Ref)})
			build.Pages = append(build.Pages, templates.Option{Value: fmt.Sprintf("%d.%d", i, n+1),
				Text: i18n.T(ctx, "common.document.page", "File", f.Name, "Page", n+1)})
		}
		canvas.Files = append(canvas.Files, file)
	}
	for _, c := range draft.Components {
		canvas.Components = append(canvas.Components, templates.CanvasComponent(c))
	}
	problems, err := s.routing.Check(ctx, draft)
	if err != nil {
		return templates.DraftBuild{}, err
	}
	build.Preflight = preflightLines(ctx, draft, problems)
	canvas.Side = templates.PreflightPanel(draft.ID, s.readyText(draft), s.timeWarning(ctx, draft), build.Preflight)
	build.Canvas = canvas
	return build, nil
}

// certainSeals are the seals that the sender may fix: those of the organisations that the draft's people sign for, as far as the account sees them,
// and those that were fixed already.
func (s *server) certainSeals(ctx context.Context, draft db.Draft) (options []templates.Option, err error) {
	known := map[string]bool{}
	add := func(id, text string) {
		if !known[id] {
			known[id] = true
			options = append(options, templates.Option{Value: id, Text: text})
		}
	}
	for _, a := range draft.Approvers {
		if a.OrganizationID == "" {
			continue
		}
		seals, _, err := s.db.Seals(ctx, scope(ctx), db.SealFilter{OrganizationID: a.OrganizationID}, db.Page{Limit: db.MaxChoices})
		if err != nil {
			return nil, err
		}
		for _, seal := range seals {
			if seal.State == db.SealActive {
				add(seal.ID, seal.Name+" · "+seal.OwnerName)
			}
		}
	}
	for _, c := range draft.Components {
		if routing.CertainSeal(c) {
			add(c.Value, templates.ShortID(c.Value)) // another account fixed it
		}
	}
	return options, nil
}

func preflightLines(ctx context.Context, draft db.Draft, problems []routing.Problem) []templates.PreflightLine {
	var lines []templates.PreflightLine
	for _, p := range problems {
		line := templates.PreflightLine{Text: i18n.T(ctx, "builder.preflight."+p.Rule, "Name", p.Name), URL: draftPath(draft, p.Step)}
		if p.File != "" {
			line.URL = "/files/" + p.File
		}
		if at := p.Component + p.Approver; at != "" { // the builder goes there
			line.URL += "#" + at
		}
		lines = append(lines, line)
	}
	return lines
}

// readyText is the key of what is said of a draft, or of a template, that nothing hinders.
func (s *server) readyText(d db.Draft) string {
	if d.Template != nil {
		return templates.ReadyToUse
	}
	if s.routing.CodesStay(d) {
		return templates.ReadyToSendCodesStay
	}
	return templates.ReadyToSend
}

// timeWarning asks the outside time-stamping authority, where there is one, and says that nobody can sign while it gives no stamp; why, and who
// it is, to those who read the settings. It hinders nothing: who signs may do so when it answers again.
func (s *server) timeWarning(ctx context.Context, d db.Draft) string {
	if s.askTimestamps == nil || d.Template != nil {
		return ""
	}
	url, problem := s.askTimestamps(ctx)
	switch {
	case problem == "":
		return ""
	case can(ctx, auth.SettingsRead):
		return i18n.T(ctx, "builder.preflight.timestamp.why", "URL", url, "Problem", problem)
	}
	return i18n.T(ctx, "builder.preflight.timestamp")
}

// showPreflight is the list of what hinders sending, which the builder asks for again after it has saved.
func (s *server) showPreflight(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	draft, err := s.db.Draft(ctx, scope(ctx), r.PathValue("id"))
	if errors.Is(err, db.ErrNotFound) {
		// It has been sent or deleted since the builder asked: there is nothing left to show, and nothing wrong.
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if err != nil {
		return err
	}
	problems, err := s.routing.Check(ctx, draft)
	if err != nil {
		return err
	}
	return s.fragment(w, r, http.StatusOK, templates.PreflightList(s.readyText(draft), s.timeWarning(ctx, draft), preflightLines(ctx, draft, problems)))
}

// showDraftPage draws a page of a draft's file.
func (s *server) showDraftPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	draft, err := s.db.Draft(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	index, err := strconv.Atoi(r.PathValue("file"))
	if err != nil || index < 0 || index >= len(draft.Files) {
		return db.ErrNotFound
	}
	f, err := s.db.File(ctx, db.Everything(), draft.Files[index])
	if err != nil {
		return err
	}
	return s.storedPage(w, r, f)
}

// savedComponents, conflict and refused are what the builder's script gets for a save.
type (
	savedComponents struct {
		Revision   int64          `json:"revision"`
		Components []db.Component `json:"components"`
		Clamped    []string       `json:"clamped"`
	}
	conflict struct {
		Revision int64 `json:"revision"`
	}
	componentProblem struct {
		ID      string `json:"id"`
		Message string `json:"message"`
	}
	refused struct {
		Errors []componentProblem `json:"errors"`
	}
)

// placementError stops a save whose components cannot be kept.
type placementError struct{ wrong []routing.PlacementError }

func (e *placementError) Error() string {
	return fmt.Sprintf("%d components cannot be kept", len(e.wrong))
}

// saveComponents takes all components of a draft at the revision that they are based on.
func (s *server) saveComponents(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var in struct {
		Revision   int64          `json:"revision"`
		Components []db.Component `json:"components"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return &badRequest{fmt.Errorf("components: %w", err)}
	}
	if in.Revision < 1 {
		return &badRequest{errors.New("components: no revision")}
	}
	draft, clamped, err := s.place(ctx, r.PathValue("id"), in.Revision, func(db.Draft) []db.Component { return in.Components })
	var stale *db.StaleError
	var wrong *placementError
	switch {
	case errors.As(err, &stale):
		return writeJSON(w, http.StatusConflict, conflict{stale.Revision})
	case errors.As(err, &wrong):
		answer := refused{Errors: []componentProblem{}}
		for _, p := range wrong.wrong {
			answer.Errors = append(answer.Errors, componentProblem{ID: p.ID, Message: i18n.T(ctx, "builder.error."+p.Rule)})
		}
		return writeJSON(w, http.StatusUnprocessableEntity, answer)
	case err != nil:
		return err
	}
	return writeJSON(w, http.StatusOK, savedComponents{draft.Revision, append([]db.Component{}, draft.Components...), append([]string{}, clamped...)})
}

// place puts components into a draft after they were checked against its files and people. Revision 0 takes whichever stands.
func (s *server) place(ctx context.Context, id string, revision int64, change func(db.Draft) []db.Component) (db.Draft, []string, error) {
	// Read before the transaction: which files a draft has may change in between, which the revision then tells.
	draft, err := s.db.Draft(ctx, scope(ctx), id)
	if err != nil {
		return db.Draft{}, nil, err
	}
	if revision == 0 {
		revision = draft.Revision
	}
	files, err := s.db.FilesByID(ctx, db.Everything(), draft.Files)
	if err != nil {
		return db.Draft{}, nil, err
	}
	var clamped []string
	draft, err = s.db.SaveDraft(ctx, scope(ctx), id, revision, func(d *db.Draft) error {
		placed, moved, wrong := routing.Place(change(*d), files, d.Approvers)
		if len(wrong) > 0 {
			return &placementError{wrong}
		}
		d.Components, clamped = placed, moved
		return nil
	})
	return draft, clamped, err
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(data)
	return disconnected(err)
}

// addComponent places one component by numbers, for those without scripts.
func (s *server) addComponent(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	draft, err := s.db.Draft(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	var values templates.PlaceValues
	broken := parseForm(r, &values)
	if broken == nil {
		broken = api.Validate(&values)
	}
	wrong, ok := problems(broken)
	if broken != nil && !ok {
		return broken
	}
	if len(wrong) > 0 {
		return s.placeAgain(w, r, draft, values, wrong)
	}
	file, number, _ := strings.Cut(values.Page, ".")
	component := db.Component{ID: randomID(), Type: values.Type, Approver: values.Approver, X: values.X, Y: values.Y, Width: values.Width,
		Height: values.Height, Required: true, Value: values.Value}
	if component.Signs() {
		component.Value = values.Seal
	}
	if values.Type == db.FillSelect && values.Value != "" { // with the one choice that is made already
		choices, err := json.Marshal(map[string][]string{"Values": {values.Value}})
		if err != nil {
			return fmt.Errorf("choices: %w", err)
		}
		component.Extra = string(choices)
	}
	component.FileIndex, err = strconv.Atoi(file)
	if err != nil {
		component.FileIndex = -1 // refused as no file
	}
	component.Page, err = strconv.Atoi(number)
	if err != nil {
		component.Page = 0 // refused as no page
	}
	_, clamped, err := s.place(ctx, draft.ID, 0, func(d db.Draft) []db.Component { return append(d.Components, component) })
	var placement *placementError
	if errors.As(err, &placement) {
		field := map[string]string{"approver": "Approver", "type": "Type", "file": "Page", "page": "Page", "too_long": "Value", "too_many": "Approver"}[placement.wrong[0].Rule]
		return s.placeAgain(w, r, draft, values, templates.Problems{{Field: field, Rule: "invalid"}})
	}
	if err != nil {
		return err
	}
	if len(clamped) > 0 {
		s.flash(r, "wait", "builder.clamped")
	}
	return s.redirect(w, r, "/drafts/"+draft.ID+"/builder")
}

func (s *server) placeAgain(w http.ResponseWriter, r *http.Request, draft db.Draft, values templates.PlaceValues, wrong templates.Problems) error {
	build, err := s.draftBuild(r.Context(), draft)
	if err != nil {
		return err
	}
	build.Values, build.Problems = values, wrong
	return s.render(w, r, http.StatusUnprocessableEntity, builderPage(r.Context(), draft), templates.DraftPlacePage(build))
}

// removeComponent takes one component out of a draft, for those without scripts.
func (s *server) removeComponent(w http.ResponseWriter, r *http.Request) error {
	id, component := r.PathValue("id"), r.PathValue("component")
	_, _, err := s.place(r.Context(), id, 0, func(d db.Draft) []db.Component {
		return slices.DeleteFunc(d.Components, func(c db.Component) bool { return c.ID == component })
	})
	if err != nil {
		return err
	}
	return s.redirect(w, r, "/drafts/"+id+"/builder")
}

// sendDraft sends a draft, or says what hinders it.
func (s *server) sendDraft(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	draft, err := s.draft(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.send(w, r, draft)
}

func (s *server) send(w http.ResponseWriter, r *http.Request, draft db.Draft) error {
	ctx := r.Context()
	flowID, err := s.routing.Send(ctx, scope(ctx), draft.ID, draft.Revision)
	var preflight *routing.PreflightError
	switch {
	case errors.As(err, &preflight):
		return s.render(w, r, http.StatusUnprocessableEntity, page{TitleText: draft.Name, Active: "drafts"},
			templates.SendRefused(draft.ID, preflightLines(ctx, draft, preflight.Problems)))
	case errors.As(err, new(*db.StaleError)):
		return refuse("builder.stale")
	case err != nil:
		return err
	}
	s.flash(r, "ok", "flows.sending.flash", "Name", draft.Name)
	return s.redirect(w, r, "/flows/"+flowID)
}
