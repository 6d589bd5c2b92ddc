package api

import (
	"maps"
	"slices"
)

// Errors lists, sorted, the codes that the platform declares for an action; nil for an unknown action. The codes of CommonErrors may be
// returned besides.
func Errors(action string) []string {
	codes := slices.Concat(declared[action], extensions[action])
	slices.Sort(codes)
	return codes
}

// Declares tells whether the platform declares the code for the action.
func Declares(action, code string) bool {
	return slices.Contains(declared[action], code) || slices.Contains(extensions[action], code)
}

// DeclaredOr returns the first of the codes that the action declares, and the last one if it declares none of them. It picks the code
// for a case in which the natural one is not among those that the action may return.
func DeclaredOr(action string, codes ...string) string {
	for _, code := range codes {
		if Declares(action, code) {
			return code
		}
	}
	return codes[len(codes)-1]
}

// Names lists all actions, sorted.
func Names() []string {
	return slices.Sorted(maps.Keys(declared))
}

// CommonErrors lists the codes that the gateway may return for any action.
func CommonErrors() []string { return slices.Clone(common) }

var common = []string{
	CodeActionOffline,
	CodeAuthFailureInvalidAuthorization,
	CodeAuthFailureInvalidSecretId,
	CodeAuthFailureMFAFailure,
	CodeAuthFailureSecretIdNotFound,
	CodeAuthFailureSignatureExpire,
	CodeAuthFailureSignatureFailure,
	CodeAuthFailureTokenFailure,
	CodeAuthFailureUnauthorizedOperation,
	CodeInvalidAction,
	CodeInvalidRequest,
	CodeIpInBlacklist,
	CodeIpNotInWhitelist,
	CodeNoSuchProduct,
	CodeNoSuchVersion,
	CodeRequestLimitExceededGlobalRegionUinLimitExceeded,
	CodeRequestLimitExceededIPLimitExceeded,
	CodeRequestLimitExceededUinLimitExceeded,
	CodeRequestSizeLimitExceeded,
	CodeResponseSizeLimitExceeded,
	CodeServiceUnavailable,
	CodeUnsupportedProtocol,
	CodeUnsupportedRegion,
}

// boilerplate is the list that twelve actions declare word for word, whatever they do.
var boilerplate = []string{
	CodeAuthFailure,
	CodeDryRunOperation,
	CodeFailedOperation,
	CodeFailedOperationAccountAlreadyExists,
	CodeFailedOperationAccountVerifyFail,
	CodeFailedOperationAuthFail,
	CodeFailedOperationDLockFailed,
	CodeFailedOperationErrBindingRepeated,
	CodeFailedOperationGenerateUserSeal,
	CodeFailedOperationNoRole,
	CodeFailedOperationRequestLimitExceeded,
	CodeInternalError,
	CodeInternalErrorApi,
	CodeInternalErrorCache,
	CodeInternalErrorCallback,
	CodeInternalErrorDb,
	CodeInternalErrorDecryption,
	CodeInternalErrorEncryption,
	CodeInternalErrorGenerateId,
	CodeInternalErrorMq,
	CodeInternalErrorPdf,
	CodeInternalErrorSerialize,
	CodeInternalErrorStorage,
	CodeInternalErrorThirdParty,
	CodeInternalErrorUnSerialize,
	CodeInvalidParameter,
	CodeInvalidParameterValue,
	CodeLimitExceeded,
	CodeMissingParameter,
	CodeOperationDenied,
	CodeOperationDeniedBannedApplication,
	CodeOperationDeniedNoApiAuth,
	CodeOperationDeniedNoExtraVerify,
	CodeOperationDeniedNoIdentityVerify,
	CodeOperationDeniedNoPaymentVerify,
	CodeOperationDeniedNoSession,
	CodeOperationDeniedNoVerify,
	CodeOperationDeniedNotOwnerUin,
	CodeOperationDeniedUserNotInOrganization,
	CodeRequestLimitExceeded,
	CodeResourceInUse,
	CodeResourceInsufficient,
	CodeResourceNotFound,
	CodeResourceUnavailable,
	CodeResourcesSoldOut,
	CodeUnauthorizedOperation,
	CodeUnknownParameter,
	CodeUnsupportedOperation,
}

func with(codes []string, more ...string) []string { return slices.Concat(codes, more) }

// declared tells the codes of each action (essbasic, the list at the end of each action's page).
var declared = map[string][]string{
	"ArchiveFlow":                   {CodeInternalError, CodeInvalidParameter, CodeMissingParameter, CodeOperationDenied, CodeResourceNotFound},
	"CancelFlow":                    {CodeFailedOperation, CodeInternalError, CodeInvalidParameter, CodeMissingParameter, CodeOperationDenied, CodeResourceNotFound},
	"CheckBankCard2EVerification":   {CodeInternalError, CodeInternalErrorApi, CodeInvalidParameterValue, CodeMissingParameter},
	"CheckBankCard3EVerification":   {CodeInternalError, CodeInternalErrorApi, CodeInvalidParameterValue, CodeMissingParameter},
	"CheckBankCard4EVerification":   {CodeInternalError, CodeInternalErrorApi, CodeInvalidParameterValue, CodeMissingParameter},
	"CheckBankCardVerification":     {CodeInternalError, CodeInternalErrorApi, CodeInvalidParameterValue, CodeMissingParameter},
	"CheckFaceIdentify":             {CodeInternalError, CodeInternalErrorApi, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
	"CheckIdCardVerification":       {CodeInternalError, CodeInternalErrorApi, CodeInvalidParameterValue, CodeMissingParameter},
	"CheckMobileAndName":            {CodeInternalError, CodeInternalErrorApi, CodeInvalidParameterValue, CodeMissingParameter},
	"CheckMobileVerification":       {CodeInternalError, CodeInternalErrorApi, CodeInvalidParameterValue, CodeMissingParameter},
	"CheckVerifyCodeMatchFlowId":    {CodeFailedOperation, CodeInternalError, CodeInternalErrorCache, CodeInternalErrorDb, CodeInternalErrorSerialize, CodeInternalErrorUnSerialize, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter},
	"CreateFaceIdSign":              {CodeInternalError, CodeInternalErrorApi, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
	"CreateFlowByFiles":             {CodeInternalErrorApi, CodeInternalErrorDb, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound, CodeResourceUnavailable},
	"CreateH5FaceIdUrl":             {CodeInternalError, CodeInternalErrorApi, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
	"CreatePreviewSignUrl":          boilerplate,
	"CreateSeal":                    {CodeFailedOperation, CodeInternalError, CodeInternalErrorApi, CodeInternalErrorDb, CodeInternalErrorGenerateId, CodeInternalErrorStorage, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
	"CreateServerFlowSign":          {CodeFailedOperation, CodeFailedOperationAccountVerifyFail, CodeInternalError, CodeInternalErrorDb, CodeInternalErrorPdf, CodeResourceNotFound, CodeResourceUnavailable, CodeUnknownParameter},
	"CreateSignUrl":                 boilerplate,
	"CreateSubOrganization":         with(boilerplate, CodeFailedOperationOpenIdAlreadyExists, CodeFailedOperationOrgIdCardNumberAlreadyExists),
	"CreateSubOrganizationAndSeal":  with(boilerplate, CodeFailedOperationOrgIdCardNumberAlreadyExists),
	"CreateUser":                    with(boilerplate, CodeFailedOperationRequestLimitExceeded1D, CodeFailedOperationRequestLimitExceeded1H, CodeFailedOperationRequestLimitExceeded30S, CodeInvalidParameterInvalidVerifyResult),
	"CreateUserAndSeal":             with(boilerplate, CodeFailedOperationRequestLimitExceeded1D, CodeFailedOperationRequestLimitExceeded1H, CodeFailedOperationRequestLimitExceeded30S, CodeInvalidParameterInvalidVerifyResult),
	"DeleteSeal":                    {CodeFailedOperation, CodeInternalError, CodeInternalErrorApi, CodeInternalErrorDb, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeOperationDenied, CodeResourceNotFound},
	"DescribeCatalogApprovers":      {CodeInternalError, CodeInternalErrorDb, CodeInternalErrorUnSerialize, CodeInvalidParameterValue, CodeMissingParameter},
	"DescribeCatalogSignComponents": with(boilerplate, CodeFailedOperationRequestLimitExceeded1D, CodeFailedOperationRequestLimitExceeded1H, CodeFailedOperationRequestLimitExceeded30S, CodeInvalidParameterInvalidVerifyResult),
	"DescribeCustomFlowIds":         {CodeInternalErrorApi, CodeInternalErrorDb, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound, CodeResourceUnavailable},
	"DescribeCustomFlowIdsByFlowId": {CodeInternalErrorApi, CodeInternalErrorDb, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound, CodeResourceUnavailable},
	"DescribeFaceIdPhotos":          {CodeInternalError, CodeInternalErrorApi, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
	"DescribeFaceIdResults":         {CodeInternalError, CodeInternalErrorApi, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
	"DescribeFileIdsByCustomIds":    {CodeInternalErrorApi, CodeInternalErrorDb, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceInsufficient, CodeResourceNotFound, CodeResourceUnavailable},
	"DescribeFileUrls":              {CodeInternalError, CodeInvalidParameter, CodeMissingParameter, CodeResourceNotFound, CodeResourceUnavailable},
	"DescribeFlow":                  {CodeInternalErrorDb, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
	"DescribeFlowApprovers":         {CodeInternalErrorDb, CodeInternalErrorUnSerialize, CodeMissingParameter},
	"DescribeFlowFiles":             {CodeInternalErrorDb, CodeInvalidParameterValue, CodeMissingParameter},
	"DescribeSeals":                 {CodeFailedOperation, CodeInternalError, CodeInternalErrorApi, CodeInternalErrorDb, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
	"DescribeSubOrganizations":      boilerplate,
	"DescribeUsers":                 {CodeInternalError, CodeInvalidParameterValue, CodeMissingParameter},
	"DestroyFlowFile":               {CodeInternalError, CodeInvalidParameterValue, CodeMissingParameter},
	"GenerateOrganizationSeal":      {CodeFailedOperation, CodeFailedOperationGenerateOrgSeal, CodeInternalError, CodeInternalErrorApi, CodeInternalErrorDb, CodeInternalErrorGenerateId, CodeInternalErrorStorage, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeOperationDenied, CodeResourceNotFound},
	"GenerateUserSeal":              {CodeFailedOperation, CodeFailedOperationGenerateUserSeal, CodeInternalError, CodeInternalErrorApi, CodeInternalErrorDb, CodeInternalErrorGenerateId, CodeInternalErrorStorage, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeOperationDenied, CodeResourceNotFound},
	"ModifyOrganizationDefaultSeal": {CodeFailedOperation, CodeInternalError, CodeInternalErrorApi, CodeInternalErrorDb, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeOperationDenied, CodeResourceNotFound},
	"ModifySeal":                    {CodeFailedOperation, CodeInternalError, CodeInternalErrorApi, CodeInternalErrorDb, CodeInternalErrorGenerateId, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
	"ModifySubOrganizationInfo":     with(boilerplate, CodeFailedOperationOpenIdAlreadyExists, CodeFailedOperationOrgIdCardNumberAlreadyExists),
	"ModifyUser":                    with(boilerplate, CodeFailedOperationRequestLimitExceeded1D, CodeFailedOperationRequestLimitExceeded1H, CodeFailedOperationRequestLimitExceeded30S, CodeInvalidParameterInvalidVerifyResult),
	"ModifyUserDefaultSeal":         {CodeFailedOperation, CodeInternalError, CodeInternalErrorApi, CodeInternalErrorDb, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeOperationDenied, CodeResourceNotFound},
	"RejectFlow":                    with(boilerplate, CodeFailedOperationRequestLimitExceeded1D, CodeFailedOperationRequestLimitExceeded1H, CodeFailedOperationRequestLimitExceeded30S, CodeInvalidParameterInvalidVerifyResult),
	"SendFlow":                      {CodeInternalErrorDb, CodeInternalErrorGenerateId, CodeInternalErrorSerialize, CodeInternalErrorUnSerialize, CodeInvalidParameterBizApproverAlreadyExists, CodeInvalidParameterValue, CodeMissingParameter, CodeOperationDenied},
	"SendFlowUrl":                   {CodeInternalErrorApi, CodeInternalErrorDb, CodeInternalErrorGenerateId, CodeInternalErrorPdf, CodeInternalErrorSerialize, CodeInternalErrorUnSerialize, CodeInvalidParameterBizApproverAlreadyExists, CodeInvalidParameterValue, CodeMissingParameter, CodeOperationDenied, CodeResourceNotFound},
	"SendSignInnerVerifyCode":       {CodeFailedOperation, CodeFailedOperationRequestLimitExceeded, CodeFailedOperationRequestLimitExceeded1D, CodeFailedOperationRequestLimitExceeded1H, CodeFailedOperationRequestLimitExceeded30S, CodeInternalError, CodeInternalErrorApi, CodeInternalErrorCache, CodeInternalErrorDb, CodeInternalErrorSerialize, CodeInvalidParameter, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
	"SignFlow":                      {CodeInternalError, CodeInvalidParameter, CodeInvalidParameterInvalidVerifyResult, CodeMissingParameter, CodeOperationDenied, CodeResourceNotFound},
	"UploadFiles":                   {CodeAuthFailure, CodeFailedOperation, CodeInternalErrorSerialize, CodeInvalidParameter, CodeOperationDenied, CodeResourceNotFound},
	"VerifySubOrganization":         boilerplate,
	"VerifyUser":                    {CodeInternalError, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
}
