package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// fail makes the error of an action: a platform code and a sentence for people. The dispatcher replaces a code that
// the action does not declare, see outgoing.
func fail(code, format string, args ...any) error { return api.NewError(code, format, args...) }

func notFound(what, id string) error {
	return fail(api.CodeResourceNotFound, "%s %q does not exist", what, id)
}

func missing(parameter string) error {
	return fail(api.CodeMissingParameter, "parameter %s is missing", parameter)
}

func badValue(parameter, format string, args ...any) error {
	return fail(api.CodeInvalidParameterValue, "%s: %s", parameter, fmt.Sprintf(format, args...))
}

func denied(format string, args ...any) error {
	return fail(api.CodeOperationDenied, format, args...)
}

// substitutes says what an action answers that does not declare the natural code: the first one of the list that it
// declares. A code with a dot also falls back to its family before the list ends (see outgoing).
var substitutes = map[string][]string{
	// UploadFiles declares no MissingParameter, CreateServerFlowSign of all parameter codes only UnknownParameter.
	api.CodeMissingParameter:      {api.CodeInvalidParameter, api.CodeInvalidParameterValue, api.CodeUnknownParameter, api.CodeFailedOperation},
	api.CodeInvalidParameter:      {api.CodeInvalidParameterValue, api.CodeUnknownParameter, api.CodeFailedOperation},
	api.CodeInvalidParameterValue: {api.CodeInvalidParameter, api.CodeUnknownParameter, api.CodeFailedOperation},
	// SendFlow and DescribeFlowFiles know no ResourceNotFound; an id that does not exist is then a bad value.
	api.CodeResourceNotFound:    {api.CodeInvalidParameterValue, api.CodeInvalidParameter, api.CodeFailedOperation},
	api.CodeResourceUnavailable: {api.CodeOperationDenied, api.CodeInvalidParameterValue, api.CodeInvalidParameter},
	// A second approver with the same task, the ticket of a signer: narrower forms of a bad parameter.
	api.CodeInvalidParameterBizApproverAlreadyExists: {api.CodeInvalidParameterValue},
	api.CodeInvalidParameterInvalidVerifyResult:      {api.CodeInvalidParameterValue},
	api.CodeOperationDenied:                          {api.CodeResourceUnavailable, api.CodeInvalidParameterValue, api.CodeFailedOperation},
	// A white-listed action that declares no refusal (VerifyUser) answers as the gateway does.
	api.CodeOperationDeniedNoApiAuth: {api.CodeOperationDenied, api.CodeAuthFailureUnauthorizedOperation},
	api.CodeUnsupportedOperation:     {api.CodeOperationDenied, api.CodeFailedOperation, api.CodeInternalErrorApi},
	api.CodeInternalError: {api.CodeInternalErrorDb, api.CodeInternalErrorApi, api.CodeInternalErrorSerialize,
		api.CodeFailedOperation},
	api.CodeFailedOperation: {api.CodeOperationDenied, api.CodeInvalidParameterValue, api.CodeInvalidParameter},
}

// undeclared lists the codes that may leave any action although it does not declare them, each with its reason.
var undeclared = map[string]string{
	api.CodeAuthFailureInvalidAuthorization:  "the gateway refuses the Authorization header before the action is looked at",
	api.CodeAuthFailureInvalidSecretId:       "the gateway, as above",
	api.CodeAuthFailureTokenFailure:          "the gateway, as above",
	api.CodeAuthFailureSecretIdNotFound:      "the gateway, as above",
	api.CodeAuthFailureSignatureExpire:       "the gateway, as above",
	api.CodeAuthFailureSignatureFailure:      "the gateway, as above",
	api.CodeAuthFailureUnauthorizedOperation: "the key does not belong to Caller.ApplicationId, or the application lacks a right that the action cannot name",
	api.CodeNoSuchVersion:                    "the gateway knows only one version",
	api.CodeInvalidAction:                    "the gateway does not know the action",
	api.CodeInvalidRequest:                   "the body is not JSON or the query cannot be read",
	api.CodeRequestSizeLimitExceeded:         "the gateway's limits of 10 MB (POST) and 32 KB (GET)",
	api.CodeUnsupportedProtocol:              "the gateway takes GET and POST only",
	api.CodeInternalErrorRowChanged:          "somebody wrote into the engine's database: no action of the platform can say that",
}

// outgoing gives the error that may leave the action: declared codes pass, others are replaced by what the action
// declares, and everything that is no api.Error becomes an internal error without its text. Internal says that the
// cause deserves a line in the log.
func outgoing(action string, err error) (out *api.Error, internal bool) {
	if errors.Is(err, store.ErrRowChanged) {
		return api.NewError(api.CodeInternalErrorRowChanged, "a record that this needs was changed outside of the program; nothing was done"), true
	}
	var e *api.Error
	if !errors.As(err, &e) {
		return api.NewError(declaredCode(action, api.CodeInternalError), "internal error"), true
	}
	return api.NewError(declaredCode(action, e.Code), "%s", e.Message), strings.HasPrefix(e.Code, api.CodeInternalError)
}

// declaredCode is the code itself where the action declares it, else its nearest declared relative.
func declaredCode(action, code string) string {
	if _, ok := undeclared[code]; ok || api.Declares(action, code) {
		return code
	}
	candidates := substitutes[code]
	if family, _, dotted := strings.Cut(code, "."); dotted {
		candidates = slices.Concat(candidates, []string{family}, substitutes[family])
	}
	candidates = slices.Concat(candidates, substitutes[api.CodeInternalError])
	for _, c := range candidates {
		if _, ok := undeclared[c]; ok || api.Declares(action, c) {
			return c
		}
	}
	return api.CodeInternalError
}
