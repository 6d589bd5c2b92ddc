package handlers

import (
	"context"
	"fmt"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
)

// checkUsed is by which of the checks that a signer was allowed they signed.
type checkUsed struct {
	channel   string
	simulated bool
}

// words name the check; empty where nothing was asked of a signer, as of a seal that the platform sets by itself.
func (c checkUsed) words(ctx context.Context) string {
	if key := "builder.channel." + c.channel; c.channel != "" && i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return ""
}

// checksUsed asks the engine's evidence how each signer of a contract signed, by the id of their task. It knows nothing where the platform is
// not the engine in this program.
func (s *server) checksUsed(ctx context.Context, f db.Flow) (map[string]checkUsed, error) {
	if s.evidence == nil || f.PlatformID == "" {
		return nil, nil
	}
	acts, err := s.evidence.Query(ctx, audit.Filter{Action: "flow.sign", ObjectType: "flow", ObjectID: f.PlatformID}, 0, audit.MaxPage)
	if err != nil {
		return nil, fmt.Errorf("see how a contract was signed: %w", err)
	}
	used := make(map[string]checkUsed, len(acts))
	for i := range acts {
		channel, _ := acts[i].Detail["channel"].(string)
		simulated, _ := acts[i].Detail["simulated"].(bool)
		used[detailText(&acts[i], "signId")] = checkUsed{channel, simulated}
	}
	return used, nil
}
