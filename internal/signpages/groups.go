package signpages

import (
	"fmt"
	"slices"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// group is one choice of the signer: what goes into all of its components. Seals that the sender chose beforehand stand apart, so that
// each keeps its own.
type group struct {
	name       string // of the form field
	kind       string // api.ComponentTypeSeal or api.ComponentTypeSignature
	preset     string // seal chosen by the sender
	sealType   string // kind of seal chosen by the sender
	components []engine.SessionComponent
	seals      []engine.SessionSeal
}

// hand is the name of the field for a drawing, empty where a seal is needed.
func (g group) hand() string {
	if g.kind != api.ComponentTypeSignature {
		return ""
	}
	return "hand." + g.name
}

// offers tells whether the seal is one of the group's.
func (g group) offers(sealID string) bool {
	return slices.ContainsFunc(g.seals, func(s engine.SessionSeal) bool { return s.ID == sealID })
}

// groupsOf makes the choices of a session; their order and names depend on the session only.
func groupsOf(session *engine.Session) []group {
	var groups []group
	for _, c := range session.Components {
		if !toSign(c) || (c.Type != api.ComponentTypeSeal && c.Type != api.ComponentTypeSignature) {
			continue
		}
		at := slices.IndexFunc(groups, func(g group) bool { return g.kind == c.Type && g.preset == c.SealID && g.sealType == c.SealType })
		if at < 0 {
			at = len(groups)
			groups = append(groups, group{
				name: fmt.Sprintf("seal.%d", at), kind: c.Type, preset: c.SealID, sealType: c.SealType, seals: sealsFor(session, c),
			})
		}
		groups[at].components = append(groups[at].components, c)
	}
	return groups
}

// toSign tells that this signer has yet to fill the component.
func toSign(c engine.SessionComponent) bool { return c.Mine && !c.Done }

// sealsFor lists what may go into a component: the organisation's seals into a seal box of whoever signs for one, the person's own
// everywhere else. A seal that the sender chose is the only one.
func sealsFor(session *engine.Session, c engine.SessionComponent) []engine.SessionSeal {
	personal := c.Type == api.ComponentTypeSignature || session.Approver.OrganizationID == ""
	var seals []engine.SessionSeal
	for _, seal := range session.Seals {
		if seal.ID == c.SealID {
			return []engine.SessionSeal{seal}
		}
		fits := c.SealID == "" && (c.SealType == "" || c.Type != api.ComponentTypeSeal || c.SealType == seal.Type)
		if seal.Personal == personal && fits {
			seals = append(seals, seal)
		}
	}
	return seals
}

// channelsOf lists the ways of the session in which this page can ask for the signer's will.
func channelsOf(session *engine.Session) []string {
	var channels []string
	for _, channel := range session.Approver.VerifyChannels {
		if channel == api.VerifyChannelCode || channel == api.VerifyChannelNone || channel == api.VerifyChannelOffline || checked(channel) ||
			channel == api.VerifyChannelAccount && session.Approver.Account != "" {
			channels = append(channels, channel)
		}
	}
	return channels
}
