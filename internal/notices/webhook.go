package notices

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"sealdesk/internal/db"
	"sealdesk/internal/outward"
)

// Headers of a webhook: its number, which stays the same when it is repeated, and the seconds and signature of this try.
const (
	HeaderDelivery  = "X-Sealdesk-Delivery"
	HeaderTimestamp = "X-Sealdesk-Timestamp"
	HeaderSignature = "X-Sealdesk-Signature"
)

// Event is the body of a webhook.
type Event struct {
	ID       int64     `json:"id"`
	Kind     string    `json:"kind"` // see db.NoticeKinds, or test
	At       time.Time `json:"at"`
	FlowID   string    `json:"flowId,omitempty"`
	Name     string    `json:"name,omitempty"`
	Platform string    `json:"platformFlowId,omitempty"`
	State    int64     `json:"state"` // the platform's FlowStatus, or -1 and -2 while the flow is being sent
	URL      string    `json:"url,omitempty"`
	Detail   string    `json:"detail,omitempty"` // reason of a rejection, code of a problem
}

// Signature is what a webhook is signed with: HMAC-SHA-256 over the timestamp, a dot and the body, in hexadecimal after "sha256=".
func Signature(secret, timestamp string, body []byte) string {
	return outward.Signature(secret, timestamp, body)
}

func (s *Sender) post(ctx context.Context, e db.Delivery, flow db.Flow) (code string) {
	event := Event{ID: e.ID, Kind: e.Kind, At: e.Created.UTC(), FlowID: flow.ID, Name: flow.Name, Platform: flow.PlatformID, State: int64(flow.State), Detail: e.Detail}
	if flow.ID != "" {
		event.URL = s.opts.PublicURL + "/flows/" + flow.ID
	}
	body, err := json.Marshal(event)
	if err != nil {
		return codeUnreachable
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.opts.WebhookURL, bytes.NewReader(body))
	if err != nil {
		return codeUnreachable
	}
	stamp := strconv.FormatInt(s.opts.Clock().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Sealdesk")
	req.Header.Set(HeaderDelivery, strconv.FormatInt(e.ID, 10))
	req.Header.Set(HeaderTimestamp, stamp)
	req.Header.Set(HeaderSignature, Signature(s.opts.WebhookSecret, stamp, body))
	resp, err := s.client.Do(req)
	if err != nil {
		return problem(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)); err != nil {
		return problem(err)
	}
	if resp.StatusCode/100 != 2 {
		return codeStatus
	}
	return ""
}
