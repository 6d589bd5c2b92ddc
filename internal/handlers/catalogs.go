package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// listCatalogs lists the catalogs that the portal was told of.
func (s *server) listCatalogs(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	d := templates.CatalogsData{Text: r.URL.Query().Get("q"), CanWrite: can(ctx, auth.CatalogsWrite), Embedded: s.platform.Endpoint == config.Embedded}
	all, next, err := s.db.Catalogs(ctx, scope(ctx), d.Text, limits(r))
	if err != nil {
		return err
	}
	names, err := s.organizationNames(ctx, each(all, func(c db.Catalog) string { return c.OrganizationID })...)
	if err != nil {
		return err
	}
	d.Paging = paging(r, next)
	for _, c := range all {
		d.Rows = append(d.Rows, templates.CatalogRow{ID: c.ID, Name: c.Name, Organization: names[c.OrganizationID], Created: c.Created})
	}
	p := page{Title: "catalogs.title", Active: "catalogs"}
	if d.CanWrite {
		p.Action = templates.CatalogsAction()
	}
	return s.render(w, r, http.StatusOK, p, templates.CatalogsPage(d))
}

// newCatalog shows the form for a catalog that exists on the platform.
func (s *server) newCatalog(w http.ResponseWriter, r *http.Request) error {
	return s.catalogForm(w, r, http.StatusOK, templates.CatalogForm{})
}

func (s *server) catalogForm(w http.ResponseWriter, r *http.Request, status int, d templates.CatalogForm) (err error) {
	ctx := r.Context()
	if d.Organizations, err = s.ownerOptions(ctx); err != nil {
		return err
	}
	d.Embedded = s.platform.Endpoint == config.Embedded
	return s.render(w, r, status, page{Title: "catalogs.new", Active: "catalogs", Back: backTo(ctx, "/catalogs", "catalogs.title")}, templates.CatalogNew(d))
}

// addCatalog takes a catalog into the index, after the platform has said that it is there.
func (s *server) addCatalog(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var d templates.CatalogForm
	if err := parseForm(r, &d); err != nil {
		return err
	}
	for field, value := range map[string]string{"Name": d.Name, "CatalogId": d.CatalogID} {
		if value == "" {
			d.Problems = append(d.Problems, templates.Problem{Field: field, Rule: "required"})
		}
	}
	if !s.mayOwn(ctx, d.OrganizationID) {
		d.Problems = append(d.Problems, templates.Problem{Field: "OrganizationId", Rule: "forbidden"})
	}
	if len(d.Problems) == 0 {
		if _, err := s.catalogApprovers(ctx, d.CatalogID); err != nil {
			var ok bool
			if d.Refusal, ok = s.refusal(r, err); !ok {
				return err
			}
		}
	}
	if len(d.Problems) == 0 && d.Refusal == "" {
		err := s.db.AddCatalog(ctx, db.Catalog{ID: d.CatalogID, OrganizationID: d.OrganizationID, Name: d.Name})
		if err == nil {
			s.flash(r, "ok", "catalogs.added", "Name", d.Name)
			return s.redirect(w, r, "/catalogs/"+d.CatalogID)
		}
		if !errors.Is(err, db.ErrConflict) {
			return err
		}
		d.Problems = templates.Problems{{Field: "CatalogId", Rule: "taken"}}
	}
	return s.catalogForm(w, r, http.StatusUnprocessableEntity, d)
}

// removeCatalog forgets a catalog.
func (s *server) removeCatalog(w http.ResponseWriter, r *http.Request) error {
	if err := s.db.RemoveCatalog(r.Context(), scope(r.Context()), r.PathValue("id")); err != nil {
		return err
	}
	s.flash(r, "ok", "catalogs.removed")
	return s.redirect(w, r, "/catalogs")
}

// catalogApprovers asks the platform who signs what in a catalog.
func (s *server) catalogApprovers(ctx context.Context, id string) ([]api.CatalogApprovers, error) {
	resp, err := api.DescribeCatalogApprovers.Call(ctx, s.client, &api.DescribeCatalogApproversRequest{CatalogId: id})
	if err != nil {
		return nil, err
	}
	return resp.Approvers, nil
}

// showCatalog shows the contracts of a catalog with their approvers, and the areas of one of them.
func (s *server) showCatalog(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	c, err := s.db.Catalog(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	d := templates.CatalogData{ID: c.ID, Name: c.Name, Created: c.Created, Chosen: r.URL.Query().Get("approver"), CanWrite: can(ctx, auth.CatalogsWrite),
		CanLink: can(ctx, auth.FlowsWrite), CanAudit: can(ctx, auth.AuditRead)}
	all, err := s.catalogApprovers(ctx, c.ID)
	if err != nil {
		var ok bool
		if d.Refusal, ok = s.refusal(r, err); !ok {
			return err
		}
	}
	if err := s.catalogFlows(ctx, &d, all); err != nil {
		return err
	}
	if d.History, err = s.history(ctx, "catalog", c.ID); err != nil {
		return err
	}
	p := page{TitleText: c.Name, Active: "catalogs", Back: backTo(ctx, "/catalogs", "catalogs.title"), Action: templates.CatalogActions(d)}
	return s.render(w, r, http.StatusOK, p, templates.CatalogShow(d))
}

// catalogFlows puts what the platform says into words: names of contracts within reach, approvers, and the areas of the chosen one.
func (s *server) catalogFlows(ctx context.Context, d *templates.CatalogData, all []api.CatalogApprovers) error {
	var organizations []string
	for _, one := range all {
		organizations = append(organizations, each(one.Approvers, func(a api.FlowApproverInfo) string { return a.SubOrganizationId })...)
	}
	names, err := s.organizationNames(ctx, organizations...)
	if err != nil {
		return err
	}
	seen := make(map[string]bool)
	flowNames := make(map[string]string)
	for _, one := range all {
		f := templates.CatalogFlow{ID: one.FlowId}
		if id, err := s.db.FlowByPlatformID(ctx, one.FlowId); err == nil {
			if flow, err := s.db.Flow(ctx, scope(ctx), id); err == nil {
				f.Name, f.URL = flow.Name, "/flows/"+flow.ID
			}
		}
		flowNames[f.ID] = f.Name
		for _, a := range one.Approvers {
			f.Approvers = append(f.Approvers, templates.CatalogApprover{Name: a.Name, Organization: names[a.SubOrganizationId], Status: a.ApproveStatus, Deadline: time.Unix(a.Deadline, 0)})
			key := a.UserId + ":" + a.SubOrganizationId
			if seen[key] {
				continue
			}
			seen[key] = true
			d.Approvers = append(d.Approvers, templates.Named{ID: key, Name: a.Name + " · " + names[a.SubOrganizationId]})
			if key == d.Chosen {
				if err := s.catalogAreas(ctx, d, a); err != nil {
					return err
				}
			}
		}
		d.Flows = append(d.Flows, f)
	}
	for i, area := range d.Areas {
		d.Areas[i].Flow = flowNames[area.FlowID]
	}
	return nil
}

// catalogAreas reads where an approver signs.
func (s *server) catalogAreas(ctx context.Context, d *templates.CatalogData, a api.FlowApproverInfo) error {
	req := api.DescribeCatalogSignComponentsRequest{Caller: api.Caller{OperatorId: a.UserId, SubOrganizationId: a.SubOrganizationId}, CatalogId: d.ID}
	resp, err := api.DescribeCatalogSignComponents.Call(ctx, s.client, &req)
	if err != nil {
		return err
	}
	for _, one := range resp.SignComponents {
		for _, c := range one.SignComponents {
			d.Areas = append(d.Areas, templates.CatalogArea{FlowID: one.FlowId, Kind: c.ComponentType, Name: c.ComponentName, Page: c.ComponentPage, File: c.FileIndex + 1,
				X: c.ComponentPosX, Y: c.ComponentPosY, Width: c.ComponentWidth, Height: c.ComponentHeight})
		}
	}
	return nil
}

// makeCatalogLink makes one link through which an approver signs all contracts of the catalog.
func (s *server) makeCatalogLink(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	c, err := s.db.Catalog(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	all, err := s.catalogApprovers(ctx, c.ID)
	if err != nil {
		return err
	}
	for _, one := range all {
		for _, a := range one.Approvers {
			if a.UserId+":"+a.SubOrganizationId != r.PostFormValue("approver") {
				continue
			}
			until := s.now().Add(linkLife)
			resp, err := api.CreateSignUrl.Call(ctx, s.client, &api.CreateSignUrlRequest{Caller: api.Caller{OperatorId: a.UserId, SubOrganizationId: a.SubOrganizationId},
				UserId: a.UserId, CatalogId: c.ID, SignUrlType: api.BusinessCatalog, Deadline: until.Unix()})
			if err != nil {
				return err
			}
			return s.showLink(w, r, "catalogs", templates.FlowLink{Title: i18n.T(ctx, "catalogs.link.title", "Name", a.Name), URL: resp.SignUrl, Until: until,
				Hint: i18n.T(ctx, "catalogs.link.hint"), Back: templates.Link{URL: "/catalogs/" + c.ID, Text: c.Name}})
		}
	}
	return db.ErrNotFound
}

// makeCatalogPreview makes a link for somebody who may only read.
func (s *server) makeCatalogPreview(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	c, err := s.db.Catalog(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	until := s.now().Add(linkLife)
	resp, err := api.CreatePreviewSignUrl.Call(ctx, s.client, &api.CreatePreviewSignUrlRequest{Caller: api.Caller{SubOrganizationId: c.OrganizationID}, CatalogId: c.ID,
		SignUrlType: api.BusinessCatalog, Deadline: until.Unix()})
	if err != nil {
		return err
	}
	return s.showLink(w, r, "catalogs", templates.FlowLink{Title: i18n.T(ctx, "catalogs.preview.title", "Name", c.Name), URL: resp.PreviewSignUrl, Until: until,
		Hint: i18n.T(ctx, "catalogs.preview.hint"), Back: templates.Link{URL: "/catalogs/" + c.ID, Text: c.Name}})
}
