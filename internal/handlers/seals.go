package handlers

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/files"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// maxPicture is the size up to which the portal fetches the picture of a seal, in bytes.
const maxPicture = 16 << 20

func sealCard(s db.Seal) templates.SealCard {
	c := templates.SealCard{ID: s.ID, Name: s.Name, Kind: s.Kind, Owner: s.OwnerName, OwnerURL: "/organizations/" + s.OrganizationID, Source: s.Source,
		Default: s.Default, WidthMM: s.WidthMM, HeightMM: s.HeightMM, Created: s.Created}
	if s.UserID != "" {
		c.OwnerURL = "/users/" + s.UserID
	}
	return c
}

func sealCards(list []db.Seal) []templates.SealCard {
	out := make([]templates.SealCard, len(list))
	for i, s := range list {
		out[i] = sealCard(s)
	}
	return out
}

// sealName is what a seal is called where nobody gave it a name: its kind.
func sealName(ctx context.Context, name, kind string) string {
	return cmp.Or(name, i18n.T(ctx, "seals.kind."+kind))
}

// listSeals lists seals, by words, kind and owner.
func (s *server) listSeals(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q := r.URL.Query()
	d := templates.SealsData{Text: q.Get("q"), Kind: q.Get("kind"), Organization: q.Get("organization"), CanWrite: can(ctx, auth.SealsWrite)}
	if q.Get("default") != "" {
		d.Default = "1"
	}
	filter := db.SealFilter{Text: d.Text, Kind: d.Kind, OrganizationID: d.Organization}
	if d.Default != "" {
		filter.Default = new(true)
	}
	list, next, err := s.db.Seals(ctx, scope(ctx), filter, limits(r))
	if err != nil {
		return err
	}
	organizations, err := s.db.OrganizationChoices(ctx, scope(ctx), d.Organization)
	if err != nil {
		return err
	}
	d.Rows, d.Organizations, d.Paging = sealCards(list), namedOrganizations(organizations), paging(r, next)
	p := page{Title: "seals.title", Active: "seals"}
	if d.CanWrite {
		p.Action = templates.SealsAction()
	}
	return s.render(w, r, http.StatusOK, p, templates.SealsList(d))
}

// showSeal shows a seal with the picture that the platform has of it now.
func (s *server) showSeal(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	seal, err := s.db.Seal(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.sealPage(w, r, http.StatusOK, seal, templates.KeeperValues{}, nil)
}

func (s *server) sealPage(w http.ResponseWriter, r *http.Request, status int, seal db.Seal, keeper templates.KeeperValues, wrong templates.Problems) error {
	ctx := r.Context()
	d := templates.SealData{Shared: seal.OrganizationID != "", Keeper: keeper, Problems: wrong, CanWrite: can(ctx, auth.SealsWrite), CanAudit: can(ctx, auth.AuditRead)}
	d.SealCard = sealCard(seal)
	found, err := s.fetchPicture(ctx, seal)
	if err != nil {
		s.log.WarnContext(ctx, "describe seal", "request", exchangeOf(ctx).id, "error", scrub(err))
	} else {
		d.Available = true
		if found.DefaultSeal && !seal.Default {
			if err := s.db.SetDefaultSeal(ctx, scope(ctx), seal.ID); err != nil {
				return err
			}
			d.Default = true
		}
	}
	if d.History, err = s.history(ctx, "seal", seal.ID); err != nil {
		return err
	}
	if err := s.sealUse(ctx, seal, &d); err != nil {
		return err
	}
	p := page{TitleText: seal.Name, Active: "seals", Back: backTo(ctx, "/seals", "seals.title"), Action: templates.SealActions(d)}
	if seal.State != db.SealActive {
		p.Badge = templates.Badge("wait", i18n.T(ctx, "seals.state."+seal.State))
	} else if d.Default {
		p.Badge = templates.Badge("ok", i18n.T(ctx, "seals.default"))
	}
	return s.render(w, r, status, p, templates.SealShow(d))
}

// fetchPicture asks the platform for a seal and keeps a copy of its picture.
func (s *server) fetchPicture(ctx context.Context, seal db.Seal) (*api.Seal, error) {
	caller := api.Caller{SubOrganizationId: seal.OrganizationID}
	resp, err := api.DescribeSeals.Call(ctx, s.client, &api.DescribeSealsRequest{Caller: caller, SealIds: []string{seal.ID}, UserId: seal.UserID})
	if err != nil {
		return nil, err
	}
	if len(resp.Seals) != 1 {
		return nil, fmt.Errorf("the platform describes %d seals instead of one", len(resp.Seals))
	}
	data, _, err := s.client.Download(ctx, resp.Seals[0].FileUrl.Url, maxPicture)
	if err != nil {
		return nil, err
	}
	if pictureType(data) == "" {
		return nil, errors.New("the platform's picture of a seal is neither PNG nor JPEG")
	}
	ref, err := s.files.Put(ctx, data)
	if err != nil {
		return nil, fmt.Errorf("keep the picture of a seal: %w", err)
	}
	if string(ref) == seal.Picture {
		return &resp.Seals[0], nil
	}
	return &resp.Seals[0], s.db.KeepSealPicture(ctx, seal.ID, string(ref))
}

// pictureType tells PNG and JPEG by their first bytes; empty for anything else.
func pictureType(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	}
	return ""
}

// sealPicture answers the picture of a seal: the kept copy, fetched from the platform where there is none yet.
func (s *server) sealPicture(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	seal, err := s.db.Seal(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if seal.Picture == "" {
		if _, err := s.fetchPicture(ctx, seal); err != nil {
			return err
		}
		if seal, err = s.db.Seal(ctx, scope(ctx), seal.ID); err != nil {
			return err
		}
	}
	data, err := s.files.Get(ctx, files.Ref(seal.Picture))
	if err != nil {
		return fmt.Errorf("read the picture of a seal: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", pictureType(data))
	h.Set("Content-Length", strconv.Itoa(len(data)))
	h.Set("Cache-Control", "private, no-cache") // kept, and asked for each time: whoever sees it is recorded
	h.Set("ETag", `"`+seal.Picture+`"`)
	if r.URL.Query().Has("download") {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": seal.Name + ".png"}))
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	return nil
}

// makeSealDefault makes a seal the one that its owner uses where none is named.
func (s *server) makeSealDefault(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	seal, err := s.db.Seal(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if seal.UserID != "" {
		_, err = api.ModifyUserDefaultSeal.Call(ctx, s.client, &api.ModifyUserDefaultSealRequest{UserId: seal.UserID, SealId: seal.ID, SourceIp: address(ctx)})
	} else {
		_, err = api.ModifyOrganizationDefaultSeal.Call(ctx, s.client, &api.ModifyOrganizationDefaultSealRequest{
			Caller: api.Caller{SubOrganizationId: seal.OrganizationID}, SealId: seal.ID, SourceIp: address(ctx)})
	}
	if err != nil {
		return err
	}
	if err := s.db.SetDefaultSeal(ctx, scope(ctx), seal.ID); err != nil {
		return err
	}
	s.flash(r, "ok", "seals.default.done", "Name", seal.Name)
	return s.redirect(w, r, "/seals/"+seal.ID)
}
