// Command bench measures figures of portal and engine against limits that the same run measures on the same machine, and prints one table:
// figure, limit, ratio, goal, met or not. Machines are shared and noisy, so that ratios count and no test fails on a time.
//
//	go run -tags sqlite_fts5 ./internal/bench [-binary bin/sealdesk] [-only 3,4] [-flows 1000000]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
	"text/tabwriter"
)

// row is one line of the table.
type row struct {
	no, what      string
	figure, limit string // with their units
	ratio, goal   string
	met           bool
}

// suite is what measures one or more rows.
type suite struct {
	no  string
	run func(context.Context) ([]row, error)
}

func main() {
	binary := flag.String("binary", "bin/sealdesk", "the built program, for cold starts")
	only := flag.String("only", "", "numbers of the rows to measure, with commas between; empty measures all")
	flows := flag.Int("flows", 100_000, "the most flows that lists are measured with: 1000, 100000 or 1000000")
	profile := flag.String("profile", "", "write a profile of the processor to this file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	suites := []suite{
		{"1", benchFlowList},
		{"2", func(ctx context.Context) ([]row, error) { return benchManyFlows(ctx, *flows) }},
		{"3", benchRead},
		{"4", benchWrite},
		{"5", benchVerify},
		{"6", benchSign},
		{"7", benchAppend},
		{"8", benchLog}, // and 9
		{"10", benchPageImage},
		{"11", func(ctx context.Context) ([]row, error) { return benchStart(ctx, *binary) }},
		{"12", func(ctx context.Context) ([]row, error) { return benchMemory(ctx, *binary) }},
		{"13", func(context.Context) ([]row, error) { return benchSize(*binary) }},
		{"14", benchPages}, // and 15
	}
	if err := profiled(*profile, func() error { return measure(ctx, suites, *only) }); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// profiled runs f and writes where the processor's time went, if a file for it is named.
func profiled(path string, f func() error) error {
	if path == "" {
		return f()
	}
	out, err := os.Create(path) // #nosec G304 -- the developer's own argument
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return errors.Join(err, out.Close())
	}
	err = f()
	pprof.StopCPUProfile()
	return errors.Join(err, out.Close())
}

// measure runs the suites one after the other and prints what they found. One that fails does not keep the others from the table.
func measure(ctx context.Context, suites []suite, only string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "no\twhat\tfigure\tlimit\tratio\tgoal\tmet")
	var errs []error
	for _, s := range suites {
		if only != "" && !slices.Contains(strings.Split(only, ","), s.no) {
			continue
		}
		rows, err := s.run(ctx)
		if err != nil {
			errs = append(errs, fmt.Errorf("no. %s: %w", s.no, err))
		}
		for _, r := range rows {
			met := "no"
			if r.met {
				met = "yes"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.no, r.what, r.figure, r.limit, r.ratio, r.goal, met)
		}
	}
	return errors.Join(append(errs, w.Flush())...)
}
