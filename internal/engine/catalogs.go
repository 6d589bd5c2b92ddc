package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// Limits of a catalog. The platform documents none.
const (
	maxCatalogFlows = 100
	maxCatalogName  = 200 // characters
)

// Catalog is a group of flows that are read and signed through one link. No action of the platform makes one.
type Catalog struct {
	ID      string
	Name    string
	FlowIDs []string
	Created time.Time
}

// CreateCatalog groups flows of the first application. What is wrong with the arguments is an *api.Error.
func (e *Engine) CreateCatalog(ctx context.Context, name string, flowIDs []string) (Catalog, error) {
	c := Catalog{Name: name, FlowIDs: slices.Clone(flowIDs), Created: e.now()}
	switch {
	case name == "":
		return Catalog{}, missing("Name")
	case len([]rune(name)) > maxCatalogName:
		return Catalog{}, badValue("Name", "at most %d characters", maxCatalogName)
	case len(flowIDs) == 0:
		return Catalog{}, missing("FlowIds")
	case len(flowIDs) > maxCatalogFlows:
		return Catalog{}, badValue("FlowIds", "at most %d", maxCatalogFlows)
	}
	err := e.db.Write(ctx, func(tx *store.Tx) error { return e.insertCatalog(ctx, tx, e.apps.first.ID, &c) })
	if err != nil {
		return Catalog{}, err
	}
	return c, nil
}

func (e *Engine) insertCatalog(ctx context.Context, tx *store.Tx, applicationID string, c *Catalog) (err error) {
	c.ID = newID(e.wall())
	_, err = tx.Exec(ctx, `INSERT INTO engine_catalogs (id, application_id, name, created) VALUES ($1, $2, $3, $4)`,
		c.ID, applicationID, c.Name, store.Micros(c.Created))
	if err != nil {
		return fmt.Errorf("store the catalog: %w", err)
	}
	for i, id := range c.FlowIDs {
		if slices.Contains(c.FlowIDs[:i], id) {
			return badValue("FlowIds", "%q occurs twice", id)
		}
		if _, err := e.findFlow(ctx, tx, applicationID, id); err != nil {
			return orNotFound(err, "FlowIds", id)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO engine_catalog_flows (catalog_id, ordinal, flow_id) VALUES ($1, $2, $3)`, c.ID, i, id); err != nil {
			return fmt.Errorf("store a flow of the catalog: %w", err)
		}
	}
	return e.record(ctx, tx, event{Action: "catalog.create", ObjectType: "catalog", ObjectID: c.ID, Detail: map[string]any{"name": c.Name, "flows": c.FlowIDs}})
}

// ListCatalogs gives the first application's catalogs, the newest first.
func (e *Engine) ListCatalogs(ctx context.Context) ([]Catalog, error) {
	var out []Catalog
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		ids, err := texts(ctx, tx, `SELECT id FROM engine_catalogs WHERE application_id = $1 ORDER BY created DESC, id`, e.apps.first.ID)
		for _, id := range ids {
			c, err := e.findCatalog(ctx, tx, e.apps.first.ID, id)
			if err != nil {
				return err
			}
			out = append(out, *c)
		}
		return err
	})
	return out, err
}

// findCatalog reads a catalog of the application, or gives store.ErrNotFound.
func (e *Engine) findCatalog(ctx context.Context, tx *store.Tx, applicationID, id string) (*Catalog, error) {
	c := &Catalog{}
	var created int64
	err := tx.QueryRow(ctx, `SELECT id, name, created FROM engine_catalogs WHERE id = $1 AND application_id = $2`, id, applicationID).Scan(&c.ID, &c.Name, &created)
	if err != nil {
		return nil, err
	}
	c.Created = store.Time(created)
	c.FlowIDs, err = texts(ctx, tx, `SELECT flow_id FROM engine_catalog_flows WHERE catalog_id = $1 ORDER BY ordinal`, id)
	return c, err
}

// texts reads the first column of a query.
func texts(ctx context.Context, tx *store.Tx, query string, args ...any) ([]string, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read a list: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("read a list: %w", err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// catalogFlow is one flow of a catalog with its approvers.
type catalogFlow struct {
	flow      *flow
	approvers []*approver
}

// catalogFlows reads a catalog with its flows.
func (e *Engine) catalogFlows(ctx context.Context, tx *store.Tx, applicationID, id string) (*Catalog, []catalogFlow, error) {
	c, err := e.findCatalog(ctx, tx, applicationID, id)
	if err != nil {
		return nil, nil, orNotFound(err, "CatalogId", id)
	}
	var out []catalogFlow
	for _, flowID := range c.FlowIDs {
		f, err := e.findFlow(ctx, tx, applicationID, flowID)
		if err != nil {
			return nil, nil, fmt.Errorf("find a flow of the catalog: %w", err)
		}
		approvers, err := e.approversOf(ctx, tx, f)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, catalogFlow{f, approvers})
	}
	return c, out, nil
}

// describeCatalogApprovers lists the approvers flow by flow; a flow without one of that user stays in the list.
func (e *Engine) describeCatalogApprovers(ctx context.Context, req *api.DescribeCatalogApproversRequest) (*api.DescribeCatalogApproversResponse, error) {
	resp := &api.DescribeCatalogApproversResponse{Approvers: []api.CatalogApprovers{}}
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		by, err := e.resolve(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		_, flows, err := e.catalogFlows(ctx, tx, by.ApplicationID, req.CatalogId)
		if err != nil {
			return err
		}
		for _, cf := range flows {
			entry := api.CatalogApprovers{FlowId: cf.flow.ID, Approvers: []api.FlowApproverInfo{}}
			for _, a := range cf.approvers {
				if req.UserId != "" && a.UserID != req.UserId {
					continue
				}
				info, err := e.approverInfo(ctx, tx, cf.flow, a)
				if err != nil {
					return err
				}
				entry.Approvers = append(entry.Approvers, info)
			}
			resp.Approvers = append(resp.Approvers, entry)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// describeCatalogSignComponents lists what the operator is still to sign, task by task.
func (e *Engine) describeCatalogSignComponents(ctx context.Context, req *api.DescribeCatalogSignComponentsRequest) (*api.DescribeCatalogSignComponentsResponse, error) {
	resp := &api.DescribeCatalogSignComponentsResponse{SignComponents: []api.CatalogComponents{}}
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		by, err := e.resolveOperator(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		_, flows, err := e.catalogFlows(ctx, tx, by.ApplicationID, req.CatalogId)
		if err != nil {
			return err
		}
		for _, cf := range flows {
			for _, a := range cf.tasksOf(by.Operator.ID, req.Caller.SubOrganizationId) {
				components, err := e.componentsOf(ctx, tx, cf.flow.ID, a.SignID)
				if err != nil {
					return err
				}
				entry := api.CatalogComponents{FlowId: cf.flow.ID, SignId: a.SignID, SignComponents: []api.Component{}}
				for _, c := range components {
					if c.signs() {
						entry.SignComponents = append(entry.SignComponents, c.Component)
					}
				}
				resp.SignComponents = append(resp.SignComponents, entry)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// tasksOf lists the tasks that a user may do now; an organisation narrows them.
func (cf catalogFlow) tasksOf(userID, organizationID string) []*approver {
	var out []*approver
	for _, a := range cf.approvers {
		if a.UserID == userID && (organizationID == "" || a.OrganizationID == organizationID) && a.may(cf.flow, stepSign) {
			out = append(out, a)
		}
	}
	return out
}

// catalogLink makes the target of a link for signing every flow of a catalog that waits for the user.
func (e *Engine) catalogLink(ctx context.Context, tx *store.Tx, applicationID string, req *api.CreateSignUrlRequest) (link, error) {
	_, flows, err := e.catalogFlows(ctx, tx, applicationID, req.CatalogId)
	if err != nil {
		return link{}, err
	}
	known, pending := false, false
	for _, cf := range flows {
		known = known || slices.ContainsFunc(cf.approvers, func(a *approver) bool { return a.UserID == req.UserId })
		pending = pending || len(cf.tasksOf(req.UserId, "")) > 0
	}
	switch {
	case !known:
		return link{}, notFound("UserId", req.UserId)
	case !pending:
		return link{}, denied("no flow of the catalog waits for the user")
	}
	return link{Kind: LinkSign, ApplicationID: applicationID, CatalogID: req.CatalogId, UserID: req.UserId}, nil
}

// catalogPreview makes the target of a link for reading a catalog.
func (e *Engine) catalogPreview(ctx context.Context, tx *store.Tx, applicationID, catalogID string) (link, error) {
	_, flows, err := e.catalogFlows(ctx, tx, applicationID, catalogID)
	if err != nil {
		return link{}, err
	}
	if !slices.ContainsFunc(flows, func(cf catalogFlow) bool { return cf.flow.allows(stepPreview) }) {
		return link{}, denied("no flow of the catalog can be shown")
	}
	return link{Kind: LinkPreview, ApplicationID: applicationID, CatalogID: catalogID}, nil
}

// catalogSubject gathers the files of a catalog for downloads; destroyed flows are left out.
func (e *Engine) catalogSubject(ctx context.Context, tx *store.Tx, applicationID, id string) (*subject, error) {
	c, flows, err := e.catalogFlows(ctx, tx, applicationID, id)
	if err != nil {
		return nil, err
	}
	s := &subject{name: c.Name}
	for _, cf := range flows {
		if !cf.flow.allows(stepFiles) {
			continue
		}
		files, err := e.flowFiles(ctx, tx, cf.flow.ID)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			s.files = append(s.files, subjectFile{ref: f.Ref, name: f.Name, pages: f.Pages, flowID: cf.flow.ID})
		}
	}
	if len(s.files) == 0 {
		return nil, fail(api.CodeResourceUnavailable, "the files of catalog %q are destroyed", id)
	}
	return s, nil
}
