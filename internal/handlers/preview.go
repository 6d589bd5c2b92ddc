package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

const (
	// linkLife is how long a link for signers is good, if the flow runs that long.
	linkLife = 7 * 24 * time.Hour
	// maxDocument bounds what is fetched from the platform, in bytes.
	maxDocument = 64 << 20
	// keptDocuments are the documents of flows looked at last: the pages of a preview come one by one.
	keptDocuments = 8
)

// makeSignLink makes a link for an approver whose turn it is and shows it with its QR code.
func (s *server) makeSignLink(w http.ResponseWriter, r *http.Request) error {
	f, a, link, err := s.signLink(r)
	if err != nil {
		return err
	}
	err = s.record(r.Context(), audit.Event{Action: "flow.sign_link", ObjectType: "flow", ObjectID: f.ID, Detail: map[string]any{"who": a.UserName, "user": a.UserID}})
	if err != nil {
		return err
	}
	return s.linkPage(w, r, f, link)
}

// signLink makes a link for the approver that the path names, while it is their turn.
func (s *server) signLink(r *http.Request) (f db.Flow, a db.FlowApprover, link templates.FlowLink, err error) {
	ctx := r.Context()
	if f, err = s.db.Flow(ctx, scope(ctx), r.PathValue("id")); err != nil {
		return f, a, link, err
	}
	i := slices.IndexFunc(f.Approvers, func(a db.FlowApprover) bool { return a.ID == r.PathValue("approver") })
	if i < 0 {
		return f, a, link, db.ErrNotFound
	}
	if a = f.Approvers[i]; a.SignID == "" || a.Status != api.ApproverPending {
		return f, a, link, refuse("flows.link.none")
	}
	if a.OwnAccountOnly() {
		return f, a, link, refuse("flows.link.account")
	}
	until := s.linkEnd(f)
	resp, err := api.CreateSignUrl.Call(ctx, s.client, &api.CreateSignUrlRequest{Caller: flowCaller(f), UserId: a.UserID, FlowId: f.PlatformID,
		SignId: a.SignID, SignUrlType: api.BusinessFlow, Deadline: until.Unix()})
	if err != nil {
		return f, a, link, err
	}
	return f, a, templates.FlowLink{Title: i18n.T(ctx, "flows.link.title", "Name", a.UserName), URL: resp.SignUrl, Until: until,
		Hint: i18n.T(ctx, "flows.link.hint", "Name", a.UserName)}, nil
}

// remindPause is how soon a button pressed again reminds again.
const remindPause = 10 * time.Minute

// remindApprover sends somebody whose turn it is a reminder to their registered address, and says to which; where the platform cannot do that,
// it shows a message to copy, with their link. That they were reminded stands in the timeline.
func (s *server) remindApprover(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, a, link, err := s.signLink(r)
	if err != nil {
		return err
	}
	hint, address := "flows.remind.hint", ""
	if s.messages != nil {
		hint = "flows.remind.unreached"
		if address, err = s.messages.Remind(ctx, f.PlatformID, a.SignID, s.now().Truncate(remindPause).UTC().Format(time.RFC3339)); err != nil {
			return err
		}
	}
	if err := s.db.Remind(ctx, scope(ctx), f.ID, a.ID, address); errors.Is(err, db.ErrConflict) {
		return refuse("flows.link.none")
	} else if err != nil {
		return err
	}
	s.routing.Changed(f.ID)
	link.Title = i18n.T(ctx, "flows.remind.title", "Name", a.UserName)
	link.Hint = i18n.T(ctx, hint, "Name", a.UserName)
	if address != "" {
		link.Hint, link.Sent = "", i18n.T(ctx, "flows.remind.sent", "Name", a.UserName, "Address", address)
	}
	link.Message = i18n.T(ctx, "flows.remind.message", "Name", a.UserName, "Contract", f.Name, "Until", templates.TimeText(link.Until), "URL", link.URL)
	return s.linkPage(w, r, f, link)
}

// makePreviewLink makes a link for somebody who may only read.
func (s *server) makePreviewLink(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, err := s.db.Flow(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if f.PlatformID == "" {
		return refuse("flows.not_there")
	}
	until := s.now().Add(linkLife)
	resp, err := api.CreatePreviewSignUrl.Call(ctx, s.client, &api.CreatePreviewSignUrlRequest{Caller: flowCaller(f), FlowId: f.PlatformID,
		SignUrlType: api.BusinessFlow, Deadline: until.Unix()})
	if err != nil {
		return err
	}
	if err := s.record(ctx, audit.Event{Action: "flow.preview_link", ObjectType: "flow", ObjectID: f.ID}); err != nil {
		return err
	}
	return s.linkPage(w, r, f, templates.FlowLink{Title: i18n.T(ctx, "flows.preview_link.title"), URL: resp.PreviewSignUrl, Until: until,
		Hint: i18n.T(ctx, "flows.preview_link.hint")})
}

func (s *server) linkEnd(f db.Flow) time.Time {
	until := s.now().Add(linkLife)
	if f.Document.Deadline.Before(until) {
		return f.Document.Deadline
	}
	return until
}

func (s *server) linkPage(w http.ResponseWriter, r *http.Request, f db.Flow, link templates.FlowLink) error {
	link.Back = templates.Link{URL: "/flows/" + f.ID, Text: f.Name}
	return s.showLink(w, r, "flows", link)
}

// showLink shows a link with its QR code, on a page that no cache keeps.
func (s *server) showLink(w http.ResponseWriter, r *http.Request, active string, link templates.FlowLink) error {
	var err error
	if link.QR, err = qrCode(link.URL); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.render(w, r, http.StatusOK, page{TitleText: link.Title, Active: active, Back: &link.Back}, templates.FlowLinkPage(link))
}

// flowDocument finds the document that the path names.
func (s *server) flowDocument(r *http.Request) (db.Flow, document, error) {
	ctx := r.Context()
	f, err := s.db.Flow(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return f, document{}, err
	}
	all, err := s.documents(ctx, f)
	if err != nil {
		return f, document{}, err
	}
	index, err := strconv.Atoi(r.PathValue("file"))
	if err != nil || index < 0 || index >= len(all) {
		return f, document{}, db.ErrNotFound
	}
	return f, all[index], nil
}

// downloadFlow sends a document of a flow as the platform has it.
func (s *server) downloadFlow(w http.ResponseWriter, r *http.Request) error {
	_, d, err := s.flowDocument(r)
	if err != nil {
		return err
	}
	tell(r.Context(), map[string]any{"file": d.name})
	return writePDF(w, d.name, d.data)
}

// document is a file of a flow, fetched from the platform.
type document struct {
	name    string
	data    []byte
	pages   []db.PageSize
	version string // of its content, where addresses of its pages must tell
}

// documentCache keeps the documents of the flows looked at last, by flow and revision. Its zero value is ready.
type documentCache struct {
	mu   sync.Mutex
	keys []string
	all  map[string][]document
}

func (c *documentCache) get(key string) ([]document, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all, ok := c.all[key]
	return all, ok
}

func (c *documentCache) put(key string, all []document) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string][]document{}
	}
	if _, known := c.all[key]; !known {
		c.keys = append(c.keys, key)
	}
	c.all[key] = all
	for len(c.keys) > keptDocuments {
		delete(c.all, c.keys[0])
		c.keys = c.keys[1:]
	}
}

// documents fetches the documents of a flow as they are at its revision.
func (s *server) documents(ctx context.Context, f db.Flow) ([]document, error) {
	if f.PlatformID == "" {
		return nil, refuse("flows.not_there")
	}
	if f.State == db.FlowDestroyed {
		return nil, refuse("flows.destroyed")
	}
	key := f.ID + "/" + strconv.FormatInt(f.Revision, 10)
	if all, ok := s.flowDocuments.get(key); ok {
		return all, nil
	}
	resp, err := api.DescribeFlowFiles.Call(ctx, s.client, &api.DescribeFlowFilesRequest{Caller: flowCaller(f), FlowId: f.PlatformID})
	if err != nil {
		return nil, err
	}
	all := make([]document, len(resp.FlowFileInfos))
	for _, info := range resp.FlowFileInfos {
		if info.FileIndex < 0 || int(info.FileIndex) >= len(all) {
			return nil, fmt.Errorf("documents: file index %d of %d", info.FileIndex, len(all))
		}
		data, _, err := s.client.Download(ctx, info.Url, maxDocument)
		if err != nil {
			return nil, fmt.Errorf("documents: %w", err)
		}
		inspected, err := s.renderer.Inspect(ctx, data)
		if err != nil {
			return nil, fmt.Errorf("documents: %w", err)
		}
		all[info.FileIndex] = document{name: cleanName(info.FileName), data: data, pages: pageSizes(inspected)}
	}
	s.flowDocuments.put(key, all)
	return all, nil
}
