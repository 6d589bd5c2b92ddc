package routing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/db"
)

// sealKind is how a component asks for a kind of seal instead of a certain one; the kind follows.
const sealKind = "KIND:"

// tellEvery is how often what the platform was not told, since it did not answer, is tried again.
const tellEvery = time.Minute

// errNotTold: the platform does not know yet who may use seals, so that nothing is sent.
var errNotTold = errors.New("the platform was not told who may use the seals")

// Tell tells the embedded engine who may use which seal, who signs for whom, and whose account is whose, as far as it does not know. Before the
// cloud, which knows nothing of it, it does nothing.
func (r *Router) Tell(ctx context.Context) error {
	if !r.opts.Embedded {
		return nil
	}
	if audit.ActorFrom(ctx).Name == "" { // nobody asked: what the command line changed, and what is left of before
		ctx = audit.WithActor(ctx, audit.Actor{Name: audit.ActorPortal, Role: audit.RoleSystem})
	}
	all, err := r.opts.DB.Untold(ctx)
	if err != nil {
		return fmt.Errorf("tell: %w", err)
	}
	for _, u := range all {
		caller := api.Caller{SubOrganizationId: u.OrganizationID}
		switch {
		case u.UserID != "":
			_, err = api.SetUserAccount.Call(ctx, r.opts.Client, &api.SetUserAccountRequest{UserId: u.UserID, AccountId: u.Account.ID, AccountName: u.Account.Label()})
		case u.SealID == "":
			_, err = api.SetOrganizationMembers.Call(ctx, r.opts.Client, &api.SetOrganizationMembersRequest{Caller: caller, UserIds: u.Members})
		default:
			req := api.SetSealUseRequest{Caller: caller, SealId: u.SealID, State: strings.ToUpper(u.State)}
			for _, k := range u.Keepers {
				req.Keepers = append(req.Keepers, api.SealKeeper{UserId: k.UserID, From: seconds(k.From), Until: seconds(k.Until)})
			}
			_, err = api.SetSealUse.Call(ctx, r.opts.Client, &req)
		}
		// What the platform does not have cannot be used there either.
		if err != nil && !api.IsCode(err, api.CodeResourceNotFound) {
			return fmt.Errorf("tell: %w", err)
		}
		if err := r.opts.DB.Told(ctx, u); err != nil {
			return fmt.Errorf("tell: %w", err)
		}
	}
	return nil
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// tellAtOnce tells what there is to tell. What fails is left to runTelling.
func (r *Router) tellAtOnce(ctx context.Context) {
	if err := r.Tell(ctx); err != nil && ctx.Err() == nil {
		r.opts.Logger.WarnContext(ctx, "routing: the platform was not told who may use the seals, or whose account is whose", "error", err)
	}
}

// runTelling tells what an earlier run left, and again whatever could not be told.
func (r *Router) runTelling(ctx context.Context) {
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	for {
		r.tellAtOnce(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// checkKeepers finds signers who may use none of the seals that their seal components leave them, as far as the portal knows the seals of
// their organisation.
func (r *Router) checkKeepers(ctx context.Context, draft db.Draft) (problems []Problem, err error) {
	if draft.Template != nil {
		return nil, nil
	}
	for _, a := range draft.Approvers {
		if a.OrganizationID == "" || !slices.ContainsFunc(draft.Components, func(c db.Component) bool { return c.Approver == a.ID && c.Type == db.SignSeal }) {
			continue
		}
		known, _, err := r.opts.DB.Seals(ctx, db.Everything(), db.SealFilter{OrganizationID: a.OrganizationID}, db.Page{Limit: db.MaxChoices})
		if err != nil {
			return nil, err
		}
		usable, err := r.usable(ctx, known, a.UserID)
		if err != nil {
			return nil, err
		}
		for _, c := range draft.Components {
			if c.Approver == a.ID && c.Type == db.SignSeal && len(known) > 0 && !slices.ContainsFunc(usable, func(s db.Seal) bool { return leaves(c, s) }) {
				problems = append(problems, Problem{Rule: "no_keeper", Name: a.Label(), Step: "people", Component: c.ID})
				break
			}
		}
	}
	return problems, nil
}

// usable picks the seals that somebody may use now.
func (r *Router) usable(ctx context.Context, known []db.Seal, userID string) (usable []db.Seal, err error) {
	for _, s := range known {
		keepers, err := r.opts.DB.Keepers(ctx, s.ID)
		if err != nil {
			return nil, err
		}
		if s.State == db.SealActive && slices.ContainsFunc(keepers, func(k db.Keeper) bool { return k.UserID == userID && k.MayUse(r.opts.Clock()) }) {
			usable = append(usable, s)
		}
	}
	return usable, nil
}

// leaves tells whether a component leaves a seal to its signer.
func leaves(c db.Component, s db.Seal) bool {
	kind, asked := strings.CutPrefix(c.Value, sealKind)
	switch {
	case asked:
		return kind == s.Kind
	case c.Value == organizationDefault:
		return s.Default
	}
	return c.Value == "" || c.Value == s.ID
}

// fixKind turns the kind of seal that a component asks for into what the platform reads: a key of its style.
func fixKind(c *api.Component) {
	kind, asked := strings.CutPrefix(c.ComponentValue, sealKind)
	if !asked || c.ComponentType != db.SignSeal {
		return
	}
	extra := map[string]json.RawMessage{}
	if c.ComponentExtra != "" && json.Unmarshal([]byte(c.ComponentExtra), &extra) != nil {
		return
	}
	extra["SealType"], _ = json.Marshal(kind) //nolint:errcheck // a text
	data, err := json.Marshal(extra)
	if err != nil {
		return
	}
	c.ComponentValue, c.ComponentExtra = "", string(data)
}
