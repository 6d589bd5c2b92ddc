package engine

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// CatalogSession is what the page behind a catalog's link shows: its flows, each with a link of its own.
type CatalogSession struct {
	Kind     LinkKind // LinkSign or LinkPreview
	Name     string
	Signer   string    // name of the person who signs; empty for a preview
	Deadline time.Time // of the link
	Entries  []CatalogEntry
}

// CatalogEntry is one flow of a catalog, or one task of the signer in it.
type CatalogEntry struct {
	FlowID       string
	FlowName     string
	FlowStatus   FlowStatus
	Organization string         // for which the signer acts
	Status       ApproverStatus // of the signer's task
	CanSign      bool
	Token        string // of a link of the same kind as the catalog's
}

// CatalogSession reads what a catalog's link opens. For a link that opens a flow it gives ErrLinkUnknown.
func (e *Engine) CatalogSession(ctx context.Context, token string) (*CatalogSession, error) {
	s := &CatalogSession{}
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		l, err := e.findLink(ctx, tx, token, LinkSign, LinkPreview)
		if err != nil {
			return err
		}
		if l.CatalogID == "" {
			return ErrLinkUnknown
		}
		c, flows, err := e.catalogFlows(ctx, tx, l.ApplicationID, l.CatalogID)
		if err != nil {
			return err
		}
		*s = CatalogSession{Kind: l.Kind, Name: c.Name, Deadline: l.Deadline}
		if l.Kind == LinkSign {
			u, err := e.findUser(ctx, tx, l.ApplicationID, l.UserID)
			if err != nil {
				return fmt.Errorf("find the signer: %w", err)
			}
			s.Signer = u.Name
		}
		for _, cf := range flows {
			if err := e.catalogEntries(ctx, tx, s, token, l, cf); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// catalogEntries adds a flow as it is to be read, or the signer's newest tasks in it. The links of the entries are made from
// the catalog's token, so that opening the page again gives the same ones.
func (e *Engine) catalogEntries(ctx context.Context, tx *store.Tx, s *CatalogSession, token string, l link, cf catalogFlow) error {
	entry := CatalogEntry{FlowID: cf.flow.ID, FlowName: cf.flow.Name, FlowStatus: cf.flow.Status}
	part := link{Kind: l.Kind, ApplicationID: l.ApplicationID, FlowID: cf.flow.ID, Deadline: l.Deadline}
	if l.Kind == LinkPreview {
		if !cf.flow.allows(stepPreview) {
			return nil
		}
		entry.Token = partToken(token, cf.flow.ID)
		s.Entries = append(s.Entries, entry)
		return e.storeLink(ctx, tx, entry.Token, part)
	}
	for _, a := range newestTasks(cf.approvers) {
		if a.UserID != l.UserID || !cf.flow.allows(stepFiles) {
			continue
		}
		task := entry
		if a.OrganizationID != "" {
			o, err := e.findOrganization(ctx, tx, l.ApplicationID, a.OrganizationID)
			if err != nil {
				return fmt.Errorf("find the signer's organisation: %w", err)
			}
			task.Organization = o.Name
		}
		part.SignID = a.SignID
		task.Status, task.CanSign, task.Token = a.Status, a.may(cf.flow, stepSign), partToken(token, a.SignID)
		s.Entries = append(s.Entries, task)
		if err := e.storeLink(ctx, tx, task.Token, part); err != nil {
			return err
		}
	}
	return nil
}

// partToken derives the token of a part from that of the whole, which knows no way back.
func partToken(token, part string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(part))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:tokenBytes])
}
