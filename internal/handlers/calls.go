package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

// maxShownText is how much of one text of an answer the page shows, in characters: files and photos come as base64.
const maxShownText = 2000

// isWrite tells that an action changes something, or costs something that cannot be had back.
func isWrite(action string) bool { return !api.IsRead(action) && !strings.HasPrefix(action, "Check") }

// listCalls lists all actions of the platform.
func (s *server) listCalls(w http.ResponseWriter, r *http.Request) error {
	var d templates.CallsData
	for _, c := range api.Calls() {
		d.Actions = append(d.Actions, templates.CallAction{Name: c.Name, Write: isWrite(c.Name)})
	}
	return s.render(w, r, http.StatusOK, page{Title: "calls.title", Active: "calls"}, templates.CallsPage(d))
}

// callNamed finds an action.
func callNamed(name string) (api.Call, error) {
	all := api.Calls()
	if at := slices.IndexFunc(all, func(c api.Call) bool { return c.Name == name }); at >= 0 {
		return all[at], nil
	}
	return api.Call{}, db.ErrNotFound
}

// showCall shows the form of an action.
func (s *server) showCall(w http.ResponseWriter, r *http.Request) error {
	call, err := callNamed(r.PathValue("action"))
	if err != nil {
		return err
	}
	return s.callPage(w, r, http.StatusOK, call, call.New(), templates.CallData{})
}

func (s *server) callPage(w http.ResponseWriter, r *http.Request, status int, call api.Call, req any, d templates.CallData) error {
	ctx := r.Context()
	d.Name, d.Write, d.ApplicationID, d.Address = call.Name, isWrite(call.Name), s.client.ApplicationID(), address(ctx)
	d.Fields = callFields(req, d.Problems)
	w.Header().Set("Cache-Control", "no-store")
	return s.render(w, r, status, page{TitleText: call.Name, Active: "calls", Back: backTo(ctx, "/calls", "calls.title")}, templates.CallPage(d))
}

// makeCall changes the form (a list grows or shrinks), shows what would be sent, or sends it.
func (s *server) makeCall(w http.ResponseWriter, r *http.Request) error {
	call, err := callNamed(r.PathValue("action"))
	if err != nil {
		return err
	}
	req := call.New()
	var d templates.CallData
	if err := errors.Join(parseForm(r, req), parseForm(r, &d.Form)); err != nil {
		var ok bool
		if d.Problems, ok = problems(err); !ok {
			return err
		}
		return s.callPage(w, r, http.StatusUnprocessableEntity, call, req, d)
	}
	switch {
	case d.Form.Grow != "":
		growList(req, d.Form.Grow)
		return s.callPage(w, r, http.StatusOK, call, req, d)
	case d.Form.Shrink != "":
		shrinkList(req, d.Form.Shrink)
		return s.callPage(w, r, http.StatusOK, call, req, d)
	}
	*api.CallerOf(req) = api.Caller{OperatorId: d.Form.OperatorID, SubOrganizationId: d.Form.SubOrganizationID}
	api.SetSourceIP(req, address(r.Context()))
	if slices.Contains(signersActs, call.Name) && !d.Form.Preview {
		d.Problems = templates.Problems{{Field: "Confirmed", Rule: "signers_act"}}
		return s.callPage(w, r, http.StatusUnprocessableEntity, call, req, d)
	}
	if rule, err := s.callWill(r.Context(), req); err != nil {
		return err
	} else if rule != "" {
		d.Problems = templates.Problems{{Field: "VerifyChannel", Rule: rule}}
		return s.callPage(w, r, http.StatusUnprocessableEntity, call, req, d)
	}
	if err := s.explainCall(r.Context(), call.Name, req, &d); err != nil {
		var ok bool
		if d.Problems, ok = problems(err); !ok {
			return err
		}
		return s.callPage(w, r, http.StatusUnprocessableEntity, call, req, d)
	}
	switch {
	case d.Form.Preview:
		return s.callPage(w, r, http.StatusOK, call, req, d)
	case isWrite(call.Name) && !d.Form.Confirmed:
		d.Problems = templates.Problems{{Field: "Confirmed", Rule: "confirm"}}
		return s.callPage(w, r, http.StatusUnprocessableEntity, call, req, d)
	}
	return s.sendCall(w, r, call, req, d)
}

// signersActs are acts of a signer's, which nobody does for them from the portal: what would be sent can be looked at, not sent.
var signersActs = []string{"CreateServerFlowSign", "RejectFlow", "SignFlow"}

// callWill holds a call that sends to somebody against the rules that drafts are held against.
func (s *server) callWill(ctx context.Context, req any) (rule string, err error) {
	var send api.SendFlowRequest
	switch r := req.(type) {
	case *api.SendFlowRequest:
		send = *r
	case *api.SendFlowUrlRequest:
		send = api.SendFlowRequest(*r)
	}
	return s.routing.Will(ctx, send.Caller.SubOrganizationId,
		db.DraftApprover{UserID: send.UserId, OrganizationID: send.SubOrganizationId, Channels: send.VerifyChannel})
}

// sendCall sends the request and shows the answer, which is kept nowhere.
func (s *server) sendCall(w http.ResponseWriter, r *http.Request, call api.Call, req any, d templates.CallData) error {
	start := s.now()
	resp, err := call.Do(r.Context(), s.client, req)
	d.Duration = s.now().Sub(start)
	d.Form.Confirmed = false
	status := http.StatusOK
	if err != nil {
		var platform *api.Error
		text, ok := s.refusal(r, err)
		if !ok {
			return err
		}
		d.Refusal, status = text, http.StatusUnprocessableEntity
		if errors.As(err, &platform) {
			resp = refusedCall{Error: refusedError{platform.Code, platform.Message}, RequestId: platform.RequestID}
		}
	}
	if resp != nil && !(err != nil && api.CodeOf(err) == "") {
		if d.Response, err = shownJSON(resp); err != nil {
			return err
		}
	}
	return s.callPage(w, r, status, call, req, d)
}

// refusedCall is a refusal as it comes over the wire.
type refusedCall struct {
	Error     refusedError
	RequestId string
}

type refusedError struct{ Code, Message string }

// shownJSON writes an answer for people: indented, and long texts cut.
func shownJSON(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("show an answer: %w", err)
	}
	var tree any
	numbers := json.NewDecoder(bytes.NewReader(data))
	numbers.UseNumber()
	if err := numbers.Decode(&tree); err != nil {
		return "", fmt.Errorf("show an answer: %w", err)
	}
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	lines.SetEscapeHTML(false)
	lines.SetIndent("", "  ")
	if err := lines.Encode(cutTexts(tree)); err != nil {
		return "", fmt.Errorf("show an answer: %w", err)
	}
	return strings.TrimSpace(out.String()), nil
}

func cutTexts(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = cutTexts(value)
		}
	case []any:
		for i, value := range v {
			v[i] = cutTexts(value)
		}
	case string:
		if text := []rune(v); len(text) > maxShownText {
			return string(text[:maxShownText]) + fmt.Sprintf("… (%d)", len(text))
		}
	}
	return v
}

// explainCall fills in what is sent, and how a program would send it. The request is checked on the way.
func (s *server) explainCall(ctx context.Context, action string, req any, d *templates.CallData) error {
	signed, body, err := s.client.Prepare(ctx, action, req)
	if err != nil {
		return err
	}
	if d.Request, err = shownJSON(req); err != nil {
		return err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, body, "", "  "); err != nil {
		return fmt.Errorf("show a request: %w", err)
	}
	d.Curl = curlLine(signed, body)
	d.Node = nodeSnippet(action, signed.URL.Host, pretty.String())
	d.Go = goSnippet(action, signed.URL, pretty.String())
	return nil
}

// curlLine is a command that sends a signed request. The secret key is not in it, only what was made with it.
func curlLine(r *http.Request, body []byte) string {
	var line strings.Builder
	fmt.Fprintf(&line, "curl %s", quoteShell(r.URL.String()))
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(&line, " \\\n  -H %s", quoteShell(name+": "+r.Header.Get(name)))
	}
	fmt.Fprintf(&line, " \\\n  --data-binary %s", quoteShell(string(body)))
	return line.String()
}

// quoteShell quotes a text for a POSIX shell.
func quoteShell(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// nodeSnippet is the call with the platform's SDK for Node.js.
func nodeSnippet(action, host, body string) string {
	return fmt.Sprintf(`const { essbasic } = require("tencentcloud-sdk-nodejs-essbasic");

const client = new essbasic.v20201222.Client({
  credential: { secretId: process.env.TENCENTCLOUD_SECRET_ID, secretKey: process.env.TENCENTCLOUD_SECRET_KEY },
  profile: { httpProfile: { endpoint: %q } },
});
client.%s(%s).then(console.log, console.error);`, host, action, body)
}

// goSnippet is the call with the platform's SDK for Go.
func goSnippet(action string, u *url.URL, body string) string {
	return fmt.Sprintf(`credential := common.NewCredential(os.Getenv("TENCENTCLOUD_SECRET_ID"), os.Getenv("TENCENTCLOUD_SECRET_KEY"))
p := profile.NewClientProfile()
p.HttpProfile.Endpoint, p.HttpProfile.Scheme = %q, %q
client, err := essbasic.NewClient(credential, "", p) // github.com/tencentcloud/tencentcloud-sdk-go, essbasic/v20201222
if err != nil {
	log.Fatal(err)
}
request := essbasic.New%sRequest()
if err := request.FromJsonString(%s); err != nil {
	log.Fatal(err)
}
response, err := client.%s(request)
fmt.Println(response.ToJsonString(), err)`, u.Host, strings.ToUpper(u.Scheme), action, quoteGo(body), action)
}

// quoteGo is a text as a Go literal over several lines where it can be.
func quoteGo(text string) string {
	if strings.Contains(text, "`") {
		return strconv.Quote(text)
	}
	return "`" + text + "`"
}
