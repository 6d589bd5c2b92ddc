package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// clients is how many connections ask at once; a turn is how long one side is measured before the other has its turn.
const (
	clients = 16
	turn    = 400 * time.Millisecond
	turns   = 7
)

// side is one of the two servers that are compared. The requests are written and signed beforehand: client and server share the
// processors, and what the client spends would blur the ratio.
type side struct {
	handler http.Handler
	request func(n int64, host string) ([]byte, error)
	ahead   int // requests signed for a turn; 1 sends the same one again and again

	host  string
	conns []net.Conn
	next  int64
}

// compare measures both sides in turns and gives the median rates, in requests a second, and the median of the turns' ratios.
func compare(ctx context.Context, a, b *side) (rateA, rateB, ratio float64, err error) {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range []*side{a, b} {
		stop, err := s.start(group)
		if err != nil {
			return 0, 0, 0, err
		}
		defer stop()
	}
	var as, bs, ratios []float64
	for i := range turns + 1 {
		x, errA := a.turn(ctx)
		y, errB := b.turn(ctx)
		if err := errors.Join(errA, errB); err != nil {
			return 0, 0, 0, err
		}
		if i > 0 { // the first turn warms connections and caches
			as, bs, ratios = append(as, x), append(bs, y), append(ratios, x/y)
		}
	}
	return median(as), median(bs), median(ratios), nil
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// start serves on a port of its own and connects.
func (s *side) start(group *errgroup.Group) (stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: s.handler, ReadHeaderTimeout: time.Minute}
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	s.host = listener.Addr().String()
	for range clients {
		conn, err := net.Dial("tcp", s.host)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("connect: %w", err), server.Close())
		}
		s.conns = append(s.conns, conn)
	}
	return func() { _ = server.Close() }, nil // the figures are taken; how the server ends does not matter
}

// turn lets all connections ask until the turn is over or the requests are used up, and gives the requests a second.
func (s *side) turn(ctx context.Context) (float64, error) {
	ready := make([][]byte, s.ahead)
	for i := range ready {
		var err error
		if ready[i], err = s.request(s.next, s.host); err != nil {
			return 0, err
		}
		s.next++
	}
	var sent, done atomic.Int64
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for _, conn := range s.conns {
		group.Go(func() error {
			in := bufio.NewReader(conn)
			for time.Since(began) < turn && ctx.Err() == nil {
				n := sent.Add(1) - 1
				if s.ahead > 1 && n >= int64(s.ahead) {
					return nil
				}
				if err := ask(conn, in, ready[n%int64(s.ahead)]); err != nil {
					return err
				}
				done.Add(1)
			}
			return nil
		})
	}
	err := group.Wait()
	return float64(done.Load()) / time.Since(began).Seconds(), err
}

// ask sends one request and reads its answer, which must not be an error.
func ask(conn net.Conn, in *bufio.Reader, request []byte) error {
	if _, err := conn.Write(request); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK || bytes.Contains(body, []byte(`"Error"`)) {
		return fmt.Errorf("answer %d: %s", resp.StatusCode, body)
	}
	return nil
}
