package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

// sealUse fills in who may use a seal, whom one could name besides, and where it was used.
func (s *server) sealUse(ctx context.Context, seal db.Seal, d *templates.SealData) error {
	keepers, err := s.db.Keepers(ctx, seal.ID)
	if err != nil {
		return err
	}
	kept := map[string]bool{}
	for _, k := range keepers {
		kept[k.UserID] = true
		d.Keepers = append(d.Keepers, templates.SealKeeper{ID: k.UserID, Name: k.UserName, From: k.From, Until: k.Until, By: k.GrantedBy, Granted: k.Granted,
			Now: k.MayUse(s.now())})
	}
	if d.CanWrite && seal.OrganizationID != "" {
		people, err := s.db.UserChoices(ctx, scope(ctx), seal.OrganizationID)
		if err != nil {
			return err
		}
		d.Candidates = personOptions(people)
	}
	uses, total, err := s.db.SealUses(ctx, scope(ctx), seal.ID)
	if err != nil {
		return err
	}
	since, err := s.db.SealUsesSince(ctx)
	if err != nil {
		return err
	}
	if seal.Created.Before(since) {
		d.UsesSince = since
	}
	d.TotalUses = total
	for _, u := range uses {
		d.Uses = append(d.Uses, templates.SealUse{FlowID: u.FlowID, Flow: u.FlowName, Who: u.UserName, File: u.File, Page: u.Page, At: u.At})
	}
	d.State, d.Reason, d.Cloud = seal.State, seal.Reason, s.platform.Endpoint != config.Embedded
	return nil
}

// sealPageAgain shows a seal with what was wrong in one of its forms.
func (s *server) sealPageAgain(w http.ResponseWriter, r *http.Request, seal db.Seal, keeper templates.KeeperValues, wrong templates.Problems) error {
	return s.sealPage(w, r, http.StatusUnprocessableEntity, seal, keeper, wrong)
}

// grantSeal lets somebody use a seal, for a term where one was given.
func (s *server) grantSeal(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	seal, err := s.db.Seal(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	var values templates.KeeperValues
	broken := parseForm(r, &values)
	if broken == nil {
		broken = api.Validate(&values)
	}
	wrong, ok := problems(broken)
	if broken != nil && !ok {
		return broken
	}
	k := db.Keeper{UserID: values.UserID}
	k.From, wrong = dayOf("From", values.From, wrong)
	k.Until, wrong = dayOf("Until", values.Until, wrong)
	if !k.Until.IsZero() {
		k.Until = k.Until.AddDate(0, 0, 1) // the last day counts
		if !k.Until.After(k.From) || !k.Until.After(s.now()) {
			wrong = append(wrong, templates.Problem{Field: "Until", Rule: "future"})
		}
	}
	problem, err := s.checkOperator(ctx, "UserID", values.UserID, seal.OrganizationID)
	if err != nil {
		return err
	}
	if wrong = add(wrong, problem); len(wrong) > 0 {
		return s.sealPageAgain(w, r, seal, values, wrong)
	}
	if err := s.db.GrantKeeper(ctx, scope(ctx), seal.ID, k); err != nil {
		return useRefused(err)
	}
	return s.toldSeal(w, r, seal, "seals.keepers.granted")
}

// dayOf reads a day in Beijing; an empty one is none.
func dayOf(field, text string, wrong templates.Problems) (time.Time, templates.Problems) {
	if text == "" {
		return time.Time{}, wrong
	}
	day, err := time.ParseInLocation(time.DateOnly, text, beijing())
	if err != nil {
		return time.Time{}, append(wrong, templates.Problem{Field: field, Rule: "date"})
	}
	return day.UTC(), wrong
}

// useRefused puts a conflict into words.
func useRefused(err error) error {
	if errors.Is(err, db.ErrConflict) {
		return refuse("seals.use.conflict")
	}
	return err
}

// withdrawSeal ends that somebody may use a seal.
func (s *server) withdrawSeal(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	seal, err := s.db.Seal(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := readForm(r); err != nil {
		return err
	}
	if err := s.db.WithdrawKeeper(ctx, scope(ctx), seal.ID, r.PostFormValue("UserID")); err != nil {
		return useRefused(err)
	}
	return s.toldSeal(w, r, seal, "seals.keepers.withdrawn")
}

// setSealState disables a seal, for a reason, or enables it again.
func (s *server) setSealState(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	seal, err := s.db.Seal(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	var values templates.SealStateValues
	if err := parseForm(r, &values); err != nil {
		return err
	}
	broken := api.Validate(&values)
	wrong, ok := problems(broken)
	if broken != nil && !ok {
		return broken
	}
	if len(wrong) > 0 {
		return s.sealPageAgain(w, r, seal, templates.KeeperValues{}, wrong)
	}
	if err := s.db.SetSealState(ctx, scope(ctx), seal.ID, values.State, values.Reason); err != nil {
		return useRefused(err)
	}
	return s.toldSeal(w, r, seal, "seals.state."+values.State+".done")
}

// askDestroySeal wants the name of a seal typed, since destroying it is for ever.
func (s *server) askDestroySeal(w http.ResponseWriter, r *http.Request) error {
	seal, err := s.db.Seal(r.Context(), scope(r.Context()), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.destroySealPage(w, r, http.StatusOK, seal, templates.DestroySealValues{}, nil)
}

func (s *server) destroySealPage(w http.ResponseWriter, r *http.Request, status int, seal db.Seal, typed templates.DestroySealValues, wrong templates.Problems) error {
	if seal.Default || seal.State == db.SealDestroyed || seal.OrganizationID == "" {
		return refuse("seals.use.conflict")
	}
	return s.render(w, r, status, page{Title: "seals.destroy.title", TitleArgs: []any{"Name", seal.Name}, Active: "seals",
		Back: &templates.Link{URL: "/seals/" + seal.ID, Text: seal.Name}}, templates.DestroySealPage(seal.ID, seal.Name, typed, wrong))
}

// destroySeal makes a seal useless for ever. It stays in the list, with everything that it was used for.
func (s *server) destroySeal(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	seal, err := s.db.Seal(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	typed, wrong, err := typedName(r, seal.Name)
	if err != nil {
		return err
	}
	values := templates.DestroySealValues{Name: typed, Reason: r.PostFormValue("Reason")}
	if values.Reason == "" {
		wrong = append(wrong, templates.Problem{Field: "Reason", Rule: "required"})
	}
	if len(wrong) > 0 {
		return s.destroySealPage(w, r, http.StatusUnprocessableEntity, seal, values, wrong)
	}
	if err := s.db.SetSealState(ctx, scope(ctx), seal.ID, db.SealDestroyed, values.Reason); err != nil {
		return useRefused(err)
	}
	return s.toldSeal(w, r, seal, "seals.state.destroyed.done")
}

// toldSeal tells the platform of the change, which is kept already and told again should it not answer now.
func (s *server) toldSeal(w http.ResponseWriter, r *http.Request, seal db.Seal, done string) error {
	if err := s.routing.Tell(r.Context()); err != nil {
		return err
	}
	s.flash(r, "ok", done, "Name", seal.Name)
	return s.redirect(w, r, "/seals/"+seal.ID)
}
