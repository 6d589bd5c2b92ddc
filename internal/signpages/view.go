package signpages

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// eagerPages are fetched at once; the others when they come near.
const eagerPages = 2

// page makes the view of a session. Base is the address of the link's page without a slash at its end.
func (s *server) page(ctx context.Context, token, base string, session *engine.Session, e entry) (p templates.SignPage, err error) {
	p = templates.SignPage{
		Name: session.FlowName, Description: session.FlowDescription, Initiator: session.Initiator, Deadline: session.FlowDeadline,
		Badge: flowBadge(ctx, session.FlowStatus),
	}
	notice, message := told{"info", "preview"}, ""
	if a := session.Approver; a != nil {
		p.Badge = approverBadge(ctx, a.Status, session.FlowStatus)
		notice, message = signNotice(session)
		if !a.Deadline.IsZero() {
			p.Deadline = a.Deadline
		}
		if a.Status == engine.ApproverSigned {
			p.Continue = a.JumpURL
		}
	}
	if notice.key != "" {
		p.Notice, p.Message = &templates.Flash{Kind: notice.kind, Text: i18n.T(ctx, "sign.notice."+notice.key)}, message
	}
	for _, party := range session.Parties {
		p.Parties = append(p.Parties, partyItem(ctx, session, party))
	}
	groups := []group(nil)
	if session.CanSign && session.Approver != nil {
		groups = groupsOf(session)
		if p.Form, err = s.form(ctx, token, base, session, groups, e); err != nil {
			return p, err
		}
	}
	for _, file := range session.Files {
		p.Files = append(p.Files, filePage(ctx, base, session, file, groups, e))
	}
	return p, nil
}

// told is a notice: the kind of its look and the end of its key, empty for none.
type told struct{ kind, key string }

// signNotice says how the contract stands for its signer, and the reason that somebody gave. What ended the contract comes first: it says what
// became of a signature or a review, too.
func signNotice(session *engine.Session) (told, string) {
	a := session.Approver
	signed := a.Status == engine.ApproverSigned
	switch {
	case a.Status == engine.ApproverRejected:
		return told{"neutral", "rejected"}, a.Message
	case session.FlowStatus == engine.FlowCancelled:
		return told{"neutral", "withdrawn"}, session.FlowMessage
	case session.FlowStatus == engine.FlowRejected:
		return told{"neutral", "rejected.other"}, session.FlowMessage
	case session.FlowStatus == engine.FlowDestroyed:
		return told{"neutral", "destroyed"}, ""
	case signed && session.FlowStatus == engine.FlowExpired:
		return told{"neutral", "signed.expired"}, ""
	case a.Status == engine.ApproverExpired || session.FlowStatus == engine.FlowExpired:
		return told{"neutral", "expired"}, ""
	case signed:
		return told{"ok", signedKey(session.FlowStatus)}, ""
	case a.Status == engine.ApproverReview:
		return told{"wait", "review"}, ""
	case a.Status == engine.ApproverReviewFailed:
		return told{"wait", "review.failed"}, a.Message
	case session.CanSign && len(channelsOf(session)) == 0 && slices.Contains(a.VerifyChannels, api.VerifyChannelAccount):
		return told{"wait", "account"}, ""
	case session.CanSign && len(channelsOf(session)) == 0:
		return told{"wait", "channels"}, ""
	default:
		return told{}, ""
	}
}

// signedKey is what somebody who has signed is told. A contract is complete once it is archived: before, it may be sent to more people.
func signedKey(status engine.FlowStatus) string {
	switch status {
	case engine.FlowArchived:
		return "complete"
	case engine.FlowSigned:
		return "signed.all"
	default:
		return "signed"
	}
}

func flowBadge(ctx context.Context, status engine.FlowStatus) templates.SignBadge {
	states := map[engine.FlowStatus]told{
		engine.FlowCreated: {"wait", "pending"}, engine.FlowSigning: {"wait", "waiting"}, engine.FlowRejected: {"danger", "rejected"},
		engine.FlowCancelled: {"neutral", "withdrawn"}, engine.FlowArchived: {"ok", "complete"}, engine.FlowSigned: {"wait", "signed.all"},
		engine.FlowExpired: {"neutral", "expired"}, engine.FlowDestroyed: {"neutral", "destroyed"},
	}
	return badge(ctx, states[status])
}

// approverState is how an approver's task stands. Nobody is to sign a contract that has ended.
func approverState(status engine.ApproverStatus, flow engine.FlowStatus) told {
	ended := flow == engine.FlowRejected || flow == engine.FlowCancelled || flow == engine.FlowExpired || flow == engine.FlowDestroyed
	switch {
	case status == engine.ApproverSigned:
		return told{"ok", "signed"}
	case status == engine.ApproverRejected:
		return told{"danger", "rejected"}
	case status == engine.ApproverExpired:
		return told{"neutral", "expired"}
	case status == engine.ApproverCancelled:
		return told{"neutral", "withdrawn"}
	case ended:
		return told{"neutral", "unsigned"}
	case status == engine.ApproverReview:
		return told{"wait", "review"}
	case status == engine.ApproverReviewFailed:
		return told{"danger", "review.failed"}
	default:
		return told{"wait", "pending"}
	}
}

func approverBadge(ctx context.Context, status engine.ApproverStatus, flow engine.FlowStatus) templates.SignBadge {
	return badge(ctx, approverState(status, flow))
}

func badge(ctx context.Context, s told) templates.SignBadge {
	return templates.SignBadge{Kind: s.kind, Text: i18n.T(ctx, "sign.state."+cmp.Or(s.key, "pending"))}
}

// partyItem shows an approver to the others: the organisation first, since that is the party.
func partyItem(ctx context.Context, session *engine.Session, party engine.SessionParty) templates.TimelineItem {
	item := templates.TimelineItem{Title: party.Name, Note: templates.TimeText(party.ActedAt)}
	if party.Organization != "" {
		item.Title, item.Subtitle = party.Organization, party.Name
	}
	if a := session.Approver; a != nil && a.Name == party.Name && a.Organization == party.Organization {
		self := i18n.T(ctx, "sign.party.self")
		item.Subtitle = strings.TrimSpace(item.Subtitle + " (" + self + ")")
	}
	switch state := approverState(party.Status, session.FlowStatus); state.kind {
	case "ok":
		item.State = "done"
	case "wait":
		item.State = "current"
	default:
		item.State = "failed"
	}
	b := approverBadge(ctx, party.Status, session.FlowStatus)
	item.Badge = templates.Badge(b.Kind, b.Text)
	return item
}

func filePage(ctx context.Context, base string, session *engine.Session, file engine.SessionFile, groups []group, e entry) templates.SignFile {
	view := templates.SignFile{Name: file.Name, Download: fmt.Sprintf("%s/files/%d", base, file.Index)}
	for i, size := range file.Pages {
		page := templates.SignDocPage{
			Number: i + 1, Width: size.WidthPt, Height: size.HeightPt, First: file.Index == 0 && i == 0, Lazy: file.Index > 0 || i >= eagerPages,
			Picture: fmt.Sprintf("%s/files/%d/%d.png", base, file.Index, i+1),
		}
		if session.CanSign {
			page.Marks = marksOn(ctx, base, session, groups, e, file.Index, i+1)
		}
		view.Pages = append(view.Pages, page)
	}
	return view
}

// marksOn makes the boxes of one page that wait for this signer.
func marksOn(ctx context.Context, base string, session *engine.Session, groups []group, e entry, file, page int) []templates.SignMark {
	var marks []templates.SignMark
	for i, c := range session.Components {
		if !toSign(c) || c.FileIndex != file || c.Page != page || !signs(c.Type) {
			continue
		}
		mark := templates.SignMark{
			ID: fmt.Sprintf("mark-%d", i), X: c.X, Y: c.Y, Width: c.Width, Height: c.Height,
			Label: i18n.T(ctx, "sign.mark."+c.Type, "Page", c.Page), Text: i18n.T(ctx, "sign.box."+c.Type),
		}
		for _, g := range groups {
			if slices.ContainsFunc(g.components, func(other engine.SessionComponent) bool { return other.ID == c.ID }) {
				mark.Group = g.name
				if g.offers(e.choices[g.name]) {
					mark.Picture = sealPicture(base, e.choices[g.name])
				}
			}
		}
		marks = append(marks, mark)
	}
	return marks
}

func signs(componentType string) bool {
	return componentType == api.ComponentTypeSeal || componentType == api.ComponentTypeSignature || componentType == api.ComponentTypeSignDate
}

func sealPicture(base, id string) string { return base + "/seals/" + id + ".png" }

// form makes the signer's part of the page; nil where the page offers no way to show one's will.
func (s *server) form(ctx context.Context, token, base string, session *engine.Session, groups []group, e entry) (*templates.SignForm, error) {
	channels := channelsOf(session)
	if len(channels) == 0 {
		return nil, nil
	}
	a := session.Approver
	f := &templates.SignForm{
		Shown: e.shown, Sign: base + "/sign", Reject: base + "/reject", Code: base + "/code",
		Signer:  i18n.T(ctx, "sign.signer", "Name", a.Name),
		Channel: e.channel, NeedsCode: slices.Contains(channels, api.VerifyChannelCode), Unchecked: slices.Contains(channels, api.VerifyChannelNone),
		Account:  a.Account,
		CodeHint: s.codeHint(ctx, a.Mobile), CodeValue: e.code,
		Agreed: e.agreed, Reason: e.reason, Rejecting: e.rejecting, Problems: e.problems,
	}
	if a.Organization != "" {
		f.Signer = i18n.T(ctx, "sign.signer.organization", "Name", a.Name, "Organization", a.Organization)
	}
	for _, channel := range channels {
		f.Channels = append(f.Channels, templates.Option{Value: channel, Text: i18n.T(ctx, "sign.will."+channel)})
	}
	for _, c := range session.Components {
		f.Dates = f.Dates || (toSign(c) && c.Type == api.ComponentTypeSignDate)
	}
	for _, g := range groups {
		f.Groups = append(f.Groups, groupView(ctx, base, session, g, e))
	}
	wait, unseen, err := s.engine.ReadingLeft(ctx, session)
	if err != nil {
		return nil, fmt.Errorf("see what was read: %w", err)
	}
	f.ReadFor, f.FullText = roundUp(wait), unseen
	f.Told = base + "/checks"
	if f.Simulated, err = s.simulatedMessage(ctx, token); err != nil {
		return nil, err
	}
	f.Checks, err = s.checkViews(ctx, token, base, session)
	return f, err
}

// codeHint says where the code will go: to the signer's mobile, which is masked, or in simulation onto the page.
func (s *server) codeHint(ctx context.Context, mobile string) string {
	if s.engine.Simulated() {
		return i18n.T(ctx, "sign.code.hint.simulated")
	}
	return i18n.T(ctx, "sign.code.hint", "Mobile", mobile)
}

// simulatedMessage is the message that simulation shows in place, in words that say so; empty for none.
func (s *server) simulatedMessage(ctx context.Context, token string) (string, error) {
	text, err := s.engine.SimulatedMessage(ctx, token)
	if err != nil || text == "" {
		return "", err
	}
	return i18n.T(ctx, "sign.code.simulated", "Text", text), nil
}

func groupView(ctx context.Context, base string, session *engine.Session, g group, e entry) templates.SignGroup {
	view := templates.SignGroup{
		Name: g.name, Legend: i18n.T(ctx, "sign.group."+g.kind), Hand: g.hand(),
		HandTaken: e.choices[g.name] == templates.SignHand, Drawing: e.drawings[g.name],
	}
	var places []string
	for _, c := range g.components {
		place := i18n.T(ctx, "sign.place", "Page", c.Page)
		if len(session.Files) > 1 {
			place = i18n.T(ctx, "sign.place.file", "File", fileName(session, c.FileIndex), "Page", c.Page)
		}
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	view.Places = i18n.T(ctx, "sign.places", "Places", strings.Join(places, " · "))
	for _, seal := range g.seals {
		view.Seals = append(view.Seals, templates.SignSeal{
			ID: seal.ID, Name: seal.Name, Picture: sealPicture(base, seal.ID), Default: seal.Default, Chosen: e.choices[g.name] == seal.ID,
		})
	}
	return view
}

func fileName(session *engine.Session, index int) string {
	for _, file := range session.Files {
		if file.Index == index {
			return file.Name
		}
	}
	return ""
}
