package api

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
)

// Download fetches what a link of the platform leads to (FileUrl.Url), through the client's transport. A file of more than limit bytes,
// or any status but 200, is a *NoAnswerError. Nothing is recorded: the call that gave the link was.
func (c *Client) Download(ctx context.Context, link string, limit int64) (data []byte, mediaType string, err error) {
	fail := func(err error) error { return &NoAnswerError{Action: "Download", NotSent: true, Err: err} }
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return nil, "", fail(err)
	}
	// Unlike an action, a download may be redirected: it carries no signature.
	client := &http.Client{Transport: c.options.Transport, Timeout: cmp.Or(c.options.Timeout, defaultTimeout)}
	answer, err := client.Do(req)
	if err != nil {
		return nil, "", fail(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, "", fail(fmt.Errorf("status %d", answer.StatusCode))
	}
	data, err = io.ReadAll(io.LimitReader(answer.Body, limit+1))
	if err != nil {
		return nil, "", fail(err)
	}
	if int64(len(data)) > limit {
		return nil, "", fail(fmt.Errorf("more than %d bytes", limit))
	}
	return data, answer.Header.Get("Content-Type"), nil
}
