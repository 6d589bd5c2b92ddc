package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"sealdesk/internal/outward"
)

// fetchTimeout bounds fetching one file.
const fetchTimeout = 30 * time.Second

// Reasons why a file is not fetched.
var (
	errFetchURL   = errors.New("not an http or https URL")
	errFetchLarge = errors.New("the file is too large")
)

// fetcher gets files from URLs that a caller names; see package outward.
type fetcher struct{ client *http.Client }

func newFetcher(allowPrivate bool) *fetcher {
	return &fetcher{outward.Client(fetchTimeout, allowPrivate)}
}

// fetch gets at most limit bytes.
func (f *fetcher) fetch(ctx context.Context, raw string, limit int64) ([]byte, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return nil, errFetchURL
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errFetchURL
	}
	resp, err := f.client.Do(req)
	if errors.Is(err, outward.ErrPrivate) {
		return nil, outward.ErrPrivate
	}
	if err != nil {
		return nil, errors.New("the file could not be fetched")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answered %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, errors.New("the file did not arrive whole")
	}
	if int64(len(data)) > limit {
		return nil, errFetchLarge
	}
	return data, nil
}
