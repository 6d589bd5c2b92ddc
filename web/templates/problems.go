package templates

import (
	"errors"

	"sealdesk/internal/api"
)

// ProblemsOf are the rules that a request broke, for its form; none when err is of another kind.
func ProblemsOf(err error) Problems {
	var invalid *api.ValidationError
	if !errors.As(err, &invalid) {
		return nil
	}
	problems := make(Problems, 0, len(invalid.Fields))
	for _, field := range invalid.Fields {
		problems = append(problems, Problem{Field: field.Field, Rule: field.Rule, Param: field.Param})
	}
	return problems
}
